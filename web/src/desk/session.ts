/** The desk's session in a browser: pinned to the organisation that this page was served with. */

import { org } from "/org.js";
import { browserSurroundings, type Surroundings } from "../wire/surroundings.ts";
import { Desk } from "./session-desk.ts";
import type { DeskSession } from "./state.ts";

export function createDeskSession(surroundings: Surroundings = browserSurroundings()): DeskSession {
  return new Desk(surroundings, org);
}
