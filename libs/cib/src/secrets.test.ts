import { expect, test } from "vitest";
import { parseXml } from "./parse-xml.ts";
import { isSecretName, maskSecrets } from "./secrets.ts";
import { serializeXml } from "./serialize-xml.ts";

test.each(["passwd", "password", "ipmi_passwd", "Admin-Password", "community", "replication_user_password", "snmp_priv_passwd", "api_key", "token"])("%s is a secret", (name) => expect(isSecretName(name)).toBe(true));
test.each(["ip", "keyfile", "identity_file", "passwordless", "pcmk_host_map", "monkey", "key"])("%s is none", (name) => expect(isSecretName(name)).toBe(false));

test("values of secrets are masked wherever they stand, the rest is the same", () => {
  const parsed = parseXml('<cib><a><nvpair id="1" name="passwd" value="geheim"/><nvpair id="2" name="ip" value="10.0.0.1"/></a><b><nvpair id="3" name="login"/></b></cib>');
  if (!parsed.ok) throw new Error("well-formed");
  const masked = maskSecrets(parsed.value);
  expect(serializeXml(masked)).not.toContain("geheim");
  expect(serializeXml(masked)).toContain('value="10.0.0.1"');
  expect(masked.children[1]).toBe(parsed.value.children[1]);
});
