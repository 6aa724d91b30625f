/** The visitor's page. */

import { chooseCurves } from "../crypto/curves.ts";
import { mount } from "./mount.tsx";
import { createVisitorSession } from "./session.ts";

const root = document.getElementById("app");
if (root !== null) mount(root, createVisitorSession);
chooseCurves().catch(() => {}); // tried again at the start of a chat
