/** What this service uses of net-snmp, which ships no types. Source: README.md of net-snmp 3.29. */
declare module "net-snmp" {
  export interface Varbind {
    readonly oid: string;
    readonly type: number;
    readonly value: unknown;
  }
  export interface User {
    readonly name: string;
    readonly level: number;
    readonly authProtocol?: number;
    readonly authKey?: string;
    readonly privProtocol?: number;
    readonly privKey?: string;
  }
  export interface SessionOptions {
    readonly port: number;
    readonly retries: number;
    /** Milliseconds for each packet. */
    readonly timeout: number;
    readonly version: number;
    readonly transport: "udp4" | "udp6";
    readonly reportOidMismatchErrors?: boolean;
  }
  export interface Session {
    get(oids: readonly string[], done: (error: Error | null, varbinds?: readonly Varbind[]) => void): void;
    set(varbinds: readonly Varbind[], done: (error: Error | null, varbinds?: readonly Varbind[]) => void): void;
    subtree(oid: string, feed: (varbinds: readonly Varbind[]) => void, done: (error: Error | null) => void): void;
    on(event: "error", handler: (error: Error) => void): void;
    close(): void;
  }
  interface NetSnmp {
    createSession(target: string, community: string, options: SessionOptions): Session;
    createV3Session(target: string, user: User, options: SessionOptions): Session;
    isVarbindError(varbind: Varbind): boolean;
    readonly Version1: number;
    readonly Version2c: number;
    readonly Version3: number;
    readonly ObjectType: { readonly Integer: number };
    readonly SecurityLevel: { readonly noAuthNoPriv: number; readonly authNoPriv: number; readonly authPriv: number };
    readonly AuthProtocols: Readonly<Record<"md5" | "sha" | "sha224" | "sha256" | "sha384" | "sha512", number>>;
    readonly PrivProtocols: Readonly<Record<"aes" | "aes256b" | "aes256r", number>>;
    readonly RequestTimedOutError: new () => Error;
    readonly RequestFailedError: new () => Error & { readonly status: number };
    readonly ResponseInvalidError: new () => Error & { readonly code: number };
    readonly ErrorStatus: Readonly<Record<number, string>>;
    readonly ResponseInvalidCode: Readonly<Record<number, string>>;
  }
  const snmp: NetSnmp;
  export default snmp;
}
