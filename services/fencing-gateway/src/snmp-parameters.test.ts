import { expect, test } from "vitest";
import { readSnmpTarget } from "./snmp-parameters.ts";

const V3 = { ip: "10.0.0.9", username: "apc", password: "apcapcapc" };

test.each([
  { name: "defaults of fence_apc_snmp: version 1, community private, port 161", parameters: { ip: "pdu" }, want: { version: 1, community: "private" } },
  { name: "version 2c", parameters: { ipaddr: "pdu", snmp_version: "2c", community: "fence" }, want: { version: 2, community: "fence" } },
  { name: "a user without a community means version 3; a password means authentication by MD5", parameters: V3, want: { version: 3, user: "apc", auth: { protocol: "md5", key: "apcapcapc" }, priv: null } },
  { name: "a privacy password means privacy", parameters: { ...V3, snmp_priv_passwd: "privprivpriv", snmp_auth_prot: "SHA" }, want: { version: 3, user: "apc", auth: { protocol: "sha", key: "apcapcapc" }, priv: { protocol: "aes", key: "privprivpriv" } } },
  { name: "noAuthNoPriv wins over a password", parameters: { ...V3, snmp_sec_level: "noAuthNoPriv" }, want: { version: 3, user: "apc", auth: null, priv: null } },
  { name: "SHA-256 and AES256C", parameters: { ...V3, snmp_version: "3", snmp_sec_level: "authPriv", snmp_auth_prot: "SHA-256", snmp_priv_prot: "AES256C", snmp_priv_passwd: "privprivpriv" }, want: { version: 3, user: "apc", auth: { protocol: "sha256", key: "apcapcapc" }, priv: { protocol: "aes256r", key: "privprivpriv" } } },
  { name: "old names login and passwd", parameters: { ip: "pdu", login: "apc", passwd: "apcapcapc", snmp_version: "3" }, want: { version: 3, user: "apc", auth: { protocol: "md5", key: "apcapcapc" }, priv: null } },
])("$name", ({ parameters, want }) => {
  const target = readSnmpTarget(parameters as Record<string, string>);
  expect(target.ok && target.value.credentials).toEqual(want);
});

test("address, port and packet times", () => {
  const target = readSnmpTarget({ ip: "10.0.0.9", udpport: "1161", snmp_timeout: "200ms", snmp_retries: "0" });
  expect(target.ok && [target.value.host, target.value.port, target.value.packetTimeoutMs, target.value.retries]).toEqual(["10.0.0.9", 1161, 200, 0]);
});

test.each([
  { parameters: {}, want: "ip is missing" },
  { parameters: { udpport: "70000", snmp_version: "4", snmp_timeout: "soon", snmp_retries: "99" }, want: "ip is missing; udpport is not a port; snmp_retries is not a number up to 20; snmp_timeout is not a time; snmp_version is none of 1, 2c, 3" },
  { parameters: { ip: "pdu", snmp_version: "3" }, want: "username is missing" },
  { parameters: { ...V3, password: "s3cret" }, want: "password is shorter than 8 characters" },
  { parameters: { ...V3, snmp_sec_level: "high", snmp_auth_prot: "ROT13" }, want: "snmp_sec_level is none of noAuthNoPriv, authNoPriv, authPriv; snmp_auth_prot is none of MD5, SHA, SHA224, SHA256, SHA384, SHA512" },
  { parameters: { ...V3, snmp_priv_passwd: "privprivpriv", snmp_priv_prot: "DES" }, want: "snmp_priv_prot is none of AES, AES256, AES256C (DES is no longer offered by OpenSSL; fence_apc_snmp has it)" },
])("problems: $want", ({ parameters, want }) => {
  const target = readSnmpTarget(parameters as Record<string, string>);
  expect(!target.ok && target.error).toBe(want);
});
