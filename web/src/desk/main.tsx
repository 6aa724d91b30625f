/** The counsellor's page. */

import { chooseCurves } from "../crypto/curves.ts";
import { mount } from "./mount.tsx";
import { createDeskSession } from "./session.ts";

const root = document.getElementById("app");
if (root !== null) mount(root, createDeskSession());
chooseCurves().catch(() => {}); // tried again at the sign-in
