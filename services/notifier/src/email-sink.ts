/** E-mail by SMTP. The only importer of nodemailer. */
import { type ClusterEvent, eventId } from "@quorate/core";
import { type EmailSinkConfig, readSecret } from "@quorate/runtime";
import { createTransport } from "nodemailer";
import { composeEmail } from "./email-message.ts";
import { DELIVERED, type DeliveryOutcome, type EventSink, notDelivered, reasonOf } from "./event-sink.ts";

interface EmailOptions {
  readonly config: EmailSinkConfig;
  readonly cluster: string;
  readonly timeoutMs: number;
}

export function createEmailSink(options: EmailOptions): EventSink {
  const { config } = options;
  /** Who has the event that is being delivered: when a server takes it for some only, the others are tried again alone. */
  let has: { readonly event: string; readonly addresses: ReadonlySet<string> } = { event: "", addresses: new Set() };
  return {
    name: config.name,
    kind: "email",
    async deliver(event) {
      const id = eventId(event);
      if (has.event !== id) has = { event: id, addresses: new Set() };
      const to = config.to.filter((address) => !has.addresses.has(address));
      if (to.length === 0) return DELIVERED;
      try {
        const sent = await send(event, to, options);
        has = { event: id, addresses: new Set([...has.addresses, ...sent.accepted]) };
        return sent.rejected.length === 0 ? DELIVERED : notDelivered(`rejected for ${sent.rejected.join(", ")}`, true);
      } catch (error) {
        return failureOf(error);
      }
    },
    close: () => {},
  };
}

async function send(event: ClusterEvent, to: readonly string[], { config, cluster, timeoutMs }: EmailOptions): Promise<{ accepted: readonly string[]; rejected: readonly string[] }> {
  const { host, port, secure, user, passwordFile } = config.smtp;
  const auth = passwordFile === null ? {} : { auth: { user, pass: await readSecret(passwordFile) } };
  const transport = createTransport({ host, port, secure, ...auth, connectionTimeout: timeoutMs, greetingTimeout: timeoutMs, socketTimeout: timeoutMs, disableFileAccess: true, disableUrlAccess: true });
  let timer: NodeJS.Timeout | null = null;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no end within ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    const { headers, ...message } = composeEmail(event, { cluster, from: config.from });
    const sent = await Promise.race([transport.sendMail({ from: config.from, to: [...to], headers: { ...headers }, ...message }), late]);
    const rejected: readonly string[] = sent.rejected.map(addressOf);
    return { accepted: to.filter((address) => !rejected.some((one) => address.includes(one))), rejected };
  } finally {
    if (timer !== null) clearTimeout(timer);
    transport.close();
  }
}

function addressOf(recipient: string | { readonly address: string }): string {
  return typeof recipient === "string" ? recipient : recipient.address;
}

/** Answers of the server are passed on; a 5xx means that it will not do, which an administrator may mend. */
function failureOf(error: unknown): DeliveryOutcome {
  const code = error instanceof Error && "responseCode" in error ? Number(error.responseCode) : 0;
  return notDelivered(reasonOf(error), code >= 500);
}
