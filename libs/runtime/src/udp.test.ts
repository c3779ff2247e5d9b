import { afterEach, expect, test } from "vitest";
import { type UdpOptions, type UdpSocket, openUdp } from "./udp.ts";

const open: UdpSocket[] = [];
afterEach(async () => {
  for (const socket of open.splice(0)) await socket.close();
});

async function socket(options: UdpOptions): Promise<UdpSocket> {
  const made = await openUdp(options);
  open.push(made);
  return made;
}

const next = (on: UdpSocket) => new Promise<{ text: string; port: number }>((resolve) => on.onMessage((payload, from) => resolve({ text: Buffer.from(payload).toString(), port: from.port })));

test.each(["127.0.0.1:0", "[::1]:0"])("datagrams between two sockets on %s", async (bind) => {
  const [a, b] = [await socket({ bind }), await socket({ bind })];
  const heard = next(b);
  a.send(Buffer.from("beat"), b.address.host, b.address.port);
  expect(await heard).toEqual({ text: "beat", port: a.address.port });
});

test("a multicast group reaches every member of the host", async () => {
  const multicast = { group: "239.255.76.94", interfaceAddress: "127.0.0.1" };
  const first = await socket({ bind: "0.0.0.0:0", multicast });
  const second = await socket({ bind: `0.0.0.0:${first.address.port}`, multicast });
  const heard = Promise.all([next(first), next(second)]);
  second.send(Buffer.from("all"), multicast.group, first.address.port);
  expect((await heard).map(({ text }) => text)).toEqual(["all", "all"]);
});

test("a port in use and a host that is not ours are refused; sending into nothing is counted, never thrown", async () => {
  const a = await socket({ bind: "127.0.0.1:0" });
  await expect(openUdp({ bind: `127.0.0.1:${a.address.port}` })).rejects.toMatchObject({ code: "QUORATE_CONFIG_INVALID" });
  await expect(openUdp({ bind: "203.0.113.1:0" })).rejects.toMatchObject({ code: "QUORATE_CONFIG_INVALID" });
  await expect(openUdp({ bind: "nonsense" })).rejects.toMatchObject({ code: "QUORATE_CONFIG_INVALID" });
  a.send(Buffer.alloc(70_000), "127.0.0.1", 9);
  await expect.poll(() => a.sendErrors()).toBe(1);
});

test("sending after close is silent", async () => {
  const a = await openUdp({ bind: "127.0.0.1:0" });
  await a.close();
  await a.close();
  a.send(Buffer.from("late"), "127.0.0.1", 9);
});
