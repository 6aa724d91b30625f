/** The visitor's page. */

import { chooseCurves } from "../crypto/curves.ts";
import { loadWords } from "../crypto/phrase.ts";
import { mount } from "./mount.tsx";
import { createVisitorSession } from "./session.ts";

const root = document.getElementById("app");
if (root !== null) mount(root, createVisitorSession);
chooseCurves().catch(() => {}); // tried again at the start of a chat
loadWords().catch(() => {}); // tried again when somebody asks for a phrase or has one
