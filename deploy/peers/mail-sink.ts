/**
 * An SMTP server that keeps what it gets, for tests and the demo. Speaks enough of RFC 5321 for real clients: EHLO, HELO, AUTH (any
 * user, one password), MAIL, RCPT, DATA with dot-stuffing, RSET, NOOP, QUIT. Delivers nothing.
 *
 * As a program (Node 24): `node deploy/peers/mail-sink.ts [--listen 127.0.0.1:2525]`; prints one JSON line when it listens and one per mail.
 */
import { type AddressInfo, type Server, type Socket, createServer } from "node:net";
import { parseArgs } from "node:util";

export interface ReceivedMail {
  readonly from: string;
  readonly to: readonly string[];
  /** By lower-case name, unfolded, encoded words decoded; of repeated headers the last. */
  readonly headers: Readonly<Record<string, string>>;
  /** The text, decoded. */
  readonly text: string;
  readonly atMs: number;
}

/** `busy`: 451 after the data. `reject`: 550 to the recipients named, or all. `hang`: no greeting. */
export type MailFault = { readonly kind: "none" | "busy" | "hang" } | { readonly kind: "reject"; readonly recipients?: readonly string[] };

export interface MailSink {
  readonly address: string;
  readonly port: number;
  /** In order of arrival. */
  mails(): readonly ReceivedMail[];
  setFault(fault: MailFault): void;
  close(): Promise<void>;
}

export interface MailSinkOptions {
  /** Default 127.0.0.1. */
  readonly address?: string;
  /** Default 0: any free port. */
  readonly port?: number;
  /** When given, mail is only taken after AUTH with it. */
  readonly password?: string;
  readonly onMail?: (mail: ReceivedMail) => void;
}

interface Sink {
  readonly mails: ReceivedMail[];
  readonly options: MailSinkOptions;
  fault: MailFault;
}

export async function startMailSink(options: MailSinkOptions = {}): Promise<MailSink> {
  const sink: Sink = { mails: [], options, fault: { kind: "none" } };
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket)).on("error", () => {});
    if (sink.fault.kind !== "hang") converse(socket, sink);
  });
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(options.port ?? 0, options.address ?? "127.0.0.1", resolve));
  const { address, port } = server.address() as AddressInfo;
  return {
    address,
    port,
    mails: () => [...sink.mails],
    setFault: (fault) => void (sink.fault = fault),
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

/** State of one connection. */
interface Session {
  from: string | null;
  to: string[];
  /** Lines of a message in progress; null outside of DATA. */
  data: string[] | null;
  authenticated: boolean;
  /** AUTH LOGIN: what the next line is. */
  awaits: "user" | "password" | null;
}

function converse(socket: Socket, sink: Sink): void {
  const session: Session = { from: null, to: [], data: null, authenticated: sink.options.password === undefined, awaits: null };
  const say = (line: string): void => void socket.write(`${line}\r\n`);
  let rest = "";
  say("220 mail-sink ESMTP");
  socket.setEncoding("latin1");
  socket.on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\r\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const answer = session.data === null ? command(session, sink, line) : content(session, sink, line);
      if (answer !== null) say(answer);
      if (answer?.startsWith("221") === true) socket.end();
    }
  });
}

function command(session: Session, sink: Sink, line: string): string | null {
  if (session.awaits !== null) return login(session, sink, line);
  const verb = line.split(/[ :]/)[0]?.toUpperCase() ?? "";
  switch (verb) {
    case "EHLO":
      return `250-mail-sink\r\n250-8BITMIME${sink.options.password === undefined ? "" : "\r\n250-AUTH PLAIN LOGIN"}\r\n250 SIZE 10485760`;
    case "HELO":
    case "NOOP":
      return "250 OK";
    case "AUTH":
      return authenticate(session, sink, line);
    case "MAIL":
      if (!session.authenticated) return "530 5.7.0 authentication required";
      session.from = bracketed(line);
      session.to = [];
      return "250 OK";
    case "RCPT":
      return recipient(session, sink, bracketed(line));
    case "DATA":
      if (session.to.length === 0) return "503 5.5.1 no recipients";
      session.data = [];
      return "354 go on";
    case "RSET":
      session.to = [];
      return "250 OK";
    case "QUIT":
      return "221 bye";
    default:
      return "502 5.5.2 not known here";
  }
}

function recipient(session: Session, sink: Sink, address: string): string {
  if (session.from === null) return "503 5.5.1 MAIL first";
  const { fault } = sink;
  if (fault.kind === "reject" && (fault.recipients?.includes(address) ?? true)) return "550 5.1.1 no such mailbox";
  session.to.push(address);
  return "250 OK";
}

function authenticate(session: Session, sink: Sink, line: string): string {
  const [, mechanism = "", initial] = line.split(" ");
  if (mechanism.toUpperCase() === "PLAIN" && initial !== undefined) return check(session, sink, fromBase64(initial).split("\0")[2] ?? "");
  session.awaits = "user";
  return "334 VXNlcm5hbWU6";
}

function login(session: Session, sink: Sink, line: string): string {
  if (session.awaits === "user") {
    session.awaits = "password";
    return "334 UGFzc3dvcmQ6";
  }
  session.awaits = null;
  return check(session, sink, fromBase64(line));
}

function check(session: Session, sink: Sink, password: string): string {
  session.authenticated = password === sink.options.password;
  return session.authenticated ? "235 2.7.0 welcome" : "535 5.7.8 wrong password";
}

function content(session: Session, sink: Sink, line: string): string | null {
  if (line !== ".") {
    session.data?.push(line.startsWith(".") ? line.slice(1) : line);
    return null;
  }
  const lines = session.data ?? [];
  session.data = null;
  if (sink.fault.kind === "busy") return "451 4.3.2 busy, try later";
  const mail = { from: session.from ?? "", to: [...session.to], ...parseMessage(lines), atMs: Date.now() };
  sink.mails.push(mail);
  sink.options.onMail?.(mail);
  return "250 2.0.0 kept";
}

function parseMessage(lines: readonly string[]): { headers: Record<string, string>; text: string } {
  const blank = lines.indexOf("");
  const head = (blank === -1 ? lines : lines.slice(0, blank)).join("\n").replaceAll(/\n[ \t]+/g, " ");
  const headers: Record<string, string> = {};
  for (const line of head.split("\n")) {
    const colon = line.indexOf(":");
    if (colon > 0) headers[line.slice(0, colon).toLowerCase()] = decodeWords(line.slice(colon + 1).trim());
  }
  const body = blank === -1 ? [] : lines.slice(blank + 1);
  return { headers, text: decodeBody(body, (headers["content-transfer-encoding"] ?? "7bit").toLowerCase()) };
}

function decodeBody(lines: readonly string[], encoding: string): string {
  if (encoding === "base64") return fromBase64(lines.join(""));
  if (encoding === "quoted-printable") return utf8(unquote(lines.join("\n").replaceAll("=\n", "")));
  return utf8(lines.join("\n"));
}

/** RFC 2047: `=?utf-8?Q?...?=` and `=?utf-8?B?...?=`. */
function decodeWords(text: string): string {
  const joined = text.replaceAll(/\?=\s+=\?/g, "?==?");
  return joined.replaceAll(/=\?utf-8\?([bq])\?([^?]*)\?=/gi, (_, kind: string, word: string) => (kind.toLowerCase() === "b" ? fromBase64(word) : utf8(unquote(word.replaceAll("_", " ")))));
}

function unquote(text: string): string {
  return text.replaceAll(/=([0-9A-F]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

function fromBase64(text: string): string {
  return Buffer.from(text, "base64").toString("utf8");
}

function utf8(bytes: string): string {
  return Buffer.from(bytes, "latin1").toString("utf8");
}

function bracketed(line: string): string {
  return /<([^>]*)>/.exec(line)?.[1] ?? "";
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { listen: { type: "string", default: "127.0.0.1:2525" } } });
  const [address = "127.0.0.1", port = "2525"] = values.listen.split(":");
  const sink = await startMailSink({ address, port: Number(port), onMail: (mail) => process.stdout.write(`${JSON.stringify(mail)}\n`) });
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void sink.close().then(() => process.exit(0)));
  process.stdout.write(`${JSON.stringify({ ready: true, address: sink.address, port: sink.port })}\n`);
}

if (import.meta.main) await main();
