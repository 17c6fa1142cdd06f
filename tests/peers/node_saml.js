// node-saml as a service provider behind our Okta.
//
//   node_saml.js request CONFIG            -> {"url", "id"}
//   node_saml.js consume CONFIG ID < response (base64)  -> {"name", "attributes"}
const { readFileSync } = require("node:fs");
const { SAML } = require("@node-saml/node-saml");

const [step, path, id] = process.argv.slice(2);
const config = JSON.parse(readFileSync(path, "utf8"));
const asked = [];
// The library keeps its open requests where it is told to: here the command line brings the one of this browser.
const requests = {
  saveAsync: async (key, value) => (asked.push(key), { createdAt: Date.now(), value }),
  getAsync: async (key) => (key === id ? new Date().toISOString() : null),
  removeAsync: async (key) => key,
};
const saml = new SAML({
  callbackUrl: config.acs,
  entryPoint: config.sso,
  issuer: config.sp,
  audience: config.sp,
  idpIssuer: config.idp,
  idpCert: config.certificate,
  wantAssertionsSigned: true,
  wantAuthnResponseSigned: true,
  validateInResponseTo: "always",
  cacheProvider: requests,
  identifierFormat: null,
});

async function main() {
  if (step === "request") {
    const url = await saml.getAuthorizeUrlAsync("/", undefined, {});
    return { url, id: asked[0] };
  }
  const { profile } = await saml.validatePostResponseAsync({ SAMLResponse: readFileSync(0, "utf8") });
  return { name: profile.nameID, attributes: profile.attributes };
}

main().then(
  (said) => console.log(JSON.stringify(said)),
  (error) => {
    console.error(`refused: ${error.message}`);
    process.exit(1);
  },
);
