export type { FenceAction, FenceDevice, FenceReply, FenceRequest } from "./types.ts";
