import type { XmlElement } from "@quorate/cib";
import { parseXml } from "@quorate/cib";
import { describe, expect, test } from "vitest";
import { readBundleConfig, replicaAddresses } from "./bundle-config.ts";
import { containerParameters } from "./container-parameters.ts";

const PRIMITIVE = `<primitive id="p" class="ocf" provider="heartbeat" type="Dummy"/>`;

function bundle(children: string): XmlElement {
  const parsed = parseXml(`<bundle id="b">${children}</bundle>`);
  if (!parsed.ok) throw new Error(parsed.error.map((issue) => issue.message).join("\n"));
  return parsed.value;
}

function configOf(children: string): NonNullable<ReturnType<typeof readBundleConfig>> {
  const element = bundle(children);
  const config = readBundleConfig(element, element);
  if (config === null) throw new Error("the bundle is ignored");
  return config;
}

/** Parameters of the container of the first replica. */
function parametersOf(children: string): Record<string, string> {
  const config = configOf(children);
  const addresses = replicaAddresses(config);
  return containerParameters(config, { number: 0, address: addresses[0] ?? null, addresses });
}

const MAPPED = `<network ip-range-start="10.0.0.1" control-port="99"><port-mapping id="m" port="80" internal-port="8080"/><port-mapping id="r" range="1-5"/></network>
  <storage><storage-mapping id="s" source-dir="/a" target-dir="/b" options="ro"/><storage-mapping id="l" source-dir-root="/c" target-dir="/var/log"/></storage>${PRIMITIVE}`;

// Answers of crm_simulate 2.1.5 for the same bundles
test.each([
  {
    name: "docker, with addresses, ports and mounts", xml: `<docker image="i" replicas="2" network="net1"/>${MAPPED}`,
    options: " --restart=no -h b-0 -e PCMK_stderr=1 --net=net1 -e PCMK_remote_port=99 -v /a:/b:ro -v /c/b-0:/var/log -v /etc/pacemaker/authkey:/etc/pacemaker/authkey"
      + " -p 10.0.0.1:80:8080 -p 10.0.0.1:1-5:1-5 -p 10.0.0.1:99:99  --add-host=b-0:10.0.0.1 --add-host=b-1:10.0.0.2",
    mounts: "/c/b-0", command: "/usr/sbin/pacemaker-remoted",
  },
  {
    name: "podman is spelt like docker, without a word about restarts", xml: `<podman image="i" replicas="2" network="net1"/>${MAPPED}`,
    options: " -h b-0 -e PCMK_stderr=1 --net=net1 -e PCMK_remote_port=99 -v /a:/b:ro -v /c/b-0:/var/log -v /etc/pacemaker/authkey:/etc/pacemaker/authkey"
      + " -p 10.0.0.1:80:8080 -p 10.0.0.1:1-5:1-5 -p 10.0.0.1:99:99  --add-host=b-0:10.0.0.1 --add-host=b-1:10.0.0.2",
    mounts: "/c/b-0", command: "/usr/sbin/pacemaker-remoted",
  },
  {
    name: "rkt has words of its own", xml: `<rkt image="i" replicas="2" network="net1"/>${MAPPED}`,
    options: " --hostname=b-0 --environment=PCMK_stderr=1 --net=net1 --environment=PCMK_remote_port=99 --volume vol0,kind=host,source=/a,ro --mount volume=vol0,target=/b"
      + " --volume vol1,kind=host,source=/c/b-0 --mount volume=vol1,target=/var/log --volume vol2,kind=host,source=/etc/pacemaker/authkey --mount volume=vol2,target=/etc/pacemaker/authkey"
      + " --port=8080:10.0.0.1:80 --port=1-5:10.0.0.1:1-5 --port=99:10.0.0.1:99  --hosts-entry=10.0.0.1=b-0 --hosts-entry=10.0.0.2=b-1",
    mounts: "/c/b-0", command: "/usr/sbin/pacemaker-remoted",
  },
  {
    name: "nothing inside: no key, no log, no command", xml: `<docker image="i" options="-x"/>`,
    options: " --restart=no -e PCMK_stderr=1 -e PCMK_remote_port=3121 -x ", mounts: "", command: undefined,
  },
  {
    name: "the host's network needs no mapping of ports", xml: `<docker image="i" network="host" run-command="/run"/><network control-port="99"><port-mapping id="m" port="80"/></network>${PRIMITIVE}`,
    options: " --restart=no -e PCMK_stderr=1 --net=host -e PCMK_remote_port=99 -v /etc/pacemaker/authkey:/etc/pacemaker/authkey -v /var/log/pacemaker/bundles/b-0:/var/log ",
    mounts: "/var/log/pacemaker/bundles/b-0", command: "/run",
  },
  {
    name: "names of replicas without add-host", xml: `<docker image="i"/><network ip-range-start="10.0.0.1" add-host="false"/>`,
    options: " --restart=no -h b-0 -e PCMK_stderr=1 -e PCMK_remote_port=3121  --hosts-entry=10.0.0.1=b-0", mounts: "", command: undefined,
  },
])("$name", ({ xml, options, mounts, command }) => {
  const parameters = parametersOf(xml);
  expect(parameters["run_opts"]).toBe(options);
  expect(parameters["mount_points"]).toBe(mounts);
  expect(parameters["run_cmd"]).toBe(command);
});

describe("what a bundle asks for", () => {
  test.each([
    { name: "addresses go on in the next network", xml: `<docker image="i" replicas="5"/><network ip-range-start="10.0.0.252"/>`, want: "10.0.0.252 10.0.0.253 10.0.0.254 10.0.1.1 10.0.1.2" },
    { name: "what is no IPv4 address has none after it", xml: `<docker image="i" replicas="2"/><network ip-range-start="fe80::1"/>`, want: "fe80::1 -" },
    { name: "as many replicas as may be promoted", xml: `<docker image="i" promoted-max="3"/><network ip-range-start="10.0.0.1"/>`, want: "10.0.0.1 10.0.0.2 10.0.0.3" },
    { name: "no range, no addresses", xml: `<docker image="i" replicas="2"/>`, want: "- -" },
  ])("$name", ({ xml, want }) => expect(replicaAddresses(configOf(xml)).map((address) => address ?? "-").join(" ")).toBe(want));

  test.each([
    { name: "no container", xml: `<network ip-range-start="10.0.0.1"/>` },
    { name: "a resource inside that nobody can reach", xml: `<docker image="i"/>${PRIMITIVE}` },
  ])("ignored: $name", ({ xml }) => expect(readBundleConfig(bundle(xml), bundle(xml))).toBeNull());

  test("replicas with one port and no addresses cannot share a host", () =>
    expect(configOf(`<docker image="i" replicas="2" replicas-per-host="2"/><network control-port="99"/>${PRIMITIVE}`).perHost).toBe(1));
});
