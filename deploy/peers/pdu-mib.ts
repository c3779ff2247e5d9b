/**
 * The part of the PowerNet MIB that a switched rack PDU shows, served by net-snmp's agent. Knows SNMP, not power:
 * the outlets behind it are in pdu-outlets.ts. Source: APC PowerNet-MIB (rPDUOutletControl, rPDUOutletStatus), RFC 3418 (system).
 */
import { createSocket } from "node:dgram";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";

/** An SNMPv3 user who may read and write. Protocols as net-snmp names them; DES is not there, as OpenSSL 3 no longer has it. */
export interface PduUser {
  readonly name: string;
  readonly authProtocol?: "md5" | "sha" | "sha256" | "sha512";
  readonly authKey?: string;
  readonly privProtocol?: "aes" | "aes256b" | "aes256r";
  readonly privKey?: string;
}

/** What the agent asks the outlets. Commands: 1 on, 2 off, 3 reboot. */
export interface OutletBoard {
  readonly outlets: readonly { readonly number: number; readonly name: string }[];
  /** What the device says; it may lie. Null: no answer at all. */
  read(outlet: number): Promise<boolean | null>;
  /** Resolves when the command has taken effect. Null: no answer at all. */
  command(outlet: number, command: number): Promise<"done" | "refused" | null>;
}

export interface PduAgent {
  readonly address: string;
  readonly port: number;
  close(): Promise<void>;
}

interface MibRequest {
  readonly operation: number;
  readonly testSet?: boolean;
  readonly setValue: number;
  readonly instanceNode: { readonly oid: string; value: unknown };
  done(error?: { errorStatus: number; type: number; value: null }): void;
}

interface SnmpAgent {
  getMib(): { registerProvider(provider: object): void; setScalarValue(name: string, value: unknown): void; addTableRow(table: string, row: readonly unknown[]): void };
  getAuthorizer(): {
    addCommunity(community: string): void;
    addUser(user: object): void;
    getAccessControlModel(): { setCommunityAccess(community: string, level: number): void; setUserAccess(user: string, level: number): void };
  };
  close(done: () => void): void;
}

/** What of net-snmp's untyped API is used here. */
interface NetSnmp {
  createAgent(options: object, callback: (error: Error | null) => void): SnmpAgent;
  readonly PduType: Record<"SetRequest", number>;
  readonly ErrorStatus: Record<"NoAccess" | "WrongValue" | "GeneralError", number>;
  readonly ObjectType: Record<"Null" | "Integer" | "OctetString" | "OID" | "TimeTicks", number>;
  readonly MaxAccess: Record<"read-only" | "read-write", number>;
  readonly MibProviderType: Record<"Scalar" | "Table", number>;
  readonly AccessControlModelType: Record<"Simple", number>;
  readonly AccessLevel: Record<"ReadOnly" | "ReadWrite", number>;
  readonly SecurityLevel: Record<"noAuthNoPriv" | "authNoPriv" | "authPriv", number>;
  readonly AuthProtocols: Record<string, number>;
  readonly PrivProtocols: Record<string, number>;
}

const snmp = createRequire(import.meta.url)("net-snmp") as NetSnmp;

const SYSTEM = "1.3.6.1.2.1.1";
const RACK_PDU = "1.3.6.1.4.1.318.1.1.12";
/** sysObjectID of a switched rack PDU. */
const MODEL = "1.3.6.1.4.1.318.1.3.4.5";
const STATE_COLUMN = 4;
const ON = 1;
const OFF = 2;

/** Serves the outlets on `address:port` (port 0: any free one). @throws the socket's error when it cannot be bound. */
export async function serveRackPdu(options: {
  readonly address: string;
  readonly port: number;
  readonly board: OutletBoard;
  readonly communities: { readonly read: string | null; readonly write: string | null };
  readonly users: readonly PduUser[];
}): Promise<PduAgent> {
  const socket = await boundSocket(options.address, options.port);
  const agent = snmp.createAgent(
    { dgramModule: { createSocket: () => socket }, accessControlModelType: snmp.AccessControlModelType.Simple },
    () => {}, // packets that are not for us or not genuine: a PDU says nothing to them
  );
  allow(agent, options.communities, options.users);
  const mib = agent.getMib();
  addScalars(mib, options.board.outlets.length);
  addOutletTable(mib, options.board, { name: "rPDUOutletControlTable", oid: `${RACK_PDU}.3.3.1.1`, writable: true });
  addOutletTable(mib, options.board, { name: "rPDUOutletStatusTable", oid: `${RACK_PDU}.3.5.1.1`, writable: false });
  return { address: options.address, port: (socket.address() as AddressInfo).port, close: () => new Promise((resolve) => agent.close(() => resolve())) };
}

/** net-snmp's agent cannot be asked for a free port, nor whether it could bind; so it gets a socket that is bound already. */
async function boundSocket(address: string, port: number): Promise<ReturnType<typeof createSocket>> {
  const socket = createSocket("udp4");
  await new Promise<void>((resolve, reject) => {
    socket.once("error", reject);
    socket.bind(port, address, () => resolve(void socket.off("error", reject)));
  });
  Object.assign(socket, { bind: () => socket });
  return socket;
}

function allow(agent: SnmpAgent, communities: { readonly read: string | null; readonly write: string | null }, users: readonly PduUser[]): void {
  const authorizer = agent.getAuthorizer();
  const access = authorizer.getAccessControlModel();
  for (const [community, level] of [[communities.read, snmp.AccessLevel.ReadOnly], [communities.write, snmp.AccessLevel.ReadWrite]] as const) {
    if (community === null) continue;
    authorizer.addCommunity(community);
    access.setCommunityAccess(community, level);
  }
  for (const { name, authProtocol, authKey, privProtocol, privKey } of users) {
    const level = authKey === undefined ? snmp.SecurityLevel.noAuthNoPriv : privKey === undefined ? snmp.SecurityLevel.authNoPriv : snmp.SecurityLevel.authPriv;
    const auth = authKey === undefined ? {} : { authProtocol: snmp.AuthProtocols[authProtocol ?? "md5"], authKey };
    const priv = privKey === undefined ? {} : { privProtocol: snmp.PrivProtocols[privProtocol ?? "aes"], privKey };
    authorizer.addUser({ name, level, ...auth, ...priv });
    access.setUserAccess(name, snmp.AccessLevel.ReadWrite);
  }
}

function addScalars(mib: ReturnType<SnmpAgent["getMib"]>, outlets: number): void {
  const startedMs = performance.now();
  const scalars = [
    { name: "sysDescr", oid: `${SYSTEM}.1`, scalarType: snmp.ObjectType.OctetString, value: "Emulated switched rack PDU" },
    { name: "sysObjectID", oid: `${SYSTEM}.2`, scalarType: snmp.ObjectType.OID, value: MODEL },
    { name: "sysUpTime", oid: `${SYSTEM}.3`, scalarType: snmp.ObjectType.TimeTicks, value: 0, read: () => Math.floor((performance.now() - startedMs) / 10) },
    { name: "sysName", oid: `${SYSTEM}.5`, scalarType: snmp.ObjectType.OctetString, value: "pdu" },
    { name: "rPDUIdentDeviceNumOutlets", oid: `${RACK_PDU}.1.8`, scalarType: snmp.ObjectType.Integer, value: outlets },
  ];
  for (const { value, read, ...scalar } of scalars) {
    const handler = (request: MibRequest): void => {
      if (read !== undefined) request.instanceNode.value = read();
      request.done();
    };
    mib.registerProvider({ ...scalar, type: snmp.MibProviderType.Scalar, maxAccess: snmp.MaxAccess["read-only"], handler });
    mib.setScalarValue(scalar.name, value);
  }
}

/** Columns 1 index, 2 name, 3 phase, 4 command or state, 6 bank; the control table answers to writes of column 4. */
function addOutletTable(mib: ReturnType<SnmpAgent["getMib"]>, board: OutletBoard, table: { readonly name: string; readonly oid: string; readonly writable: boolean }): void {
  const column = (number: number, name: string, type: number, writable = false): object => ({ number, name, type, maxAccess: snmp.MaxAccess[writable ? "read-write" : "read-only"] });
  const { Integer, OctetString } = snmp.ObjectType;
  mib.registerProvider({
    name: table.name,
    type: snmp.MibProviderType.Table,
    oid: table.oid,
    tableColumns: [column(1, "index", Integer), column(2, "name", OctetString), column(3, "phase", Integer), column(STATE_COLUMN, "state", Integer, table.writable), column(6, "bank", Integer)],
    tableIndex: [{ columnName: "index" }],
    handler: (request: MibRequest) => void handle(board, request),
  });
  for (const { number, name } of board.outlets) mib.addTableRow(table.name, [number, name, 1, ON, 1]);
}

async function handle(board: OutletBoard, request: MibRequest): Promise<void> {
  const [column, outlet] = request.instanceNode.oid.split(".").slice(-2).map(Number);
  const refuse = (errorStatus: number): void => request.done({ errorStatus, type: snmp.ObjectType.Null, value: null });
  if (column !== STATE_COLUMN || outlet === undefined) return request.done();
  if (request.operation !== snmp.PduType.SetRequest) {
    const powered = await board.read(outlet);
    if (powered === null) return;
    request.instanceNode.value = powered ? ON : OFF;
    return request.done();
  }
  if (![1, 2, 3].includes(request.setValue)) return refuse(snmp.ErrorStatus.WrongValue);
  if (request.testSet === true) return request.done(); // first phase of a write: nothing may happen yet
  const outcome = await board.command(outlet, request.setValue);
  if (outcome === "refused") refuse(snmp.ErrorStatus.GeneralError);
  if (outcome === "done") request.done();
}
