/** For how many days this line keeps a conversation after its last message. */

import { org } from "/org.js";
import { lineOf } from "./line.ts";

export const daysKept = (): number => org.retentionOf[lineOf(location.pathname)] ?? org.retentionDays;
