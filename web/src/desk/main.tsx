/** The counsellor's page. */

import { mount } from "./mount.tsx";
import { createDeskSession } from "./session.ts";

const root = document.getElementById("app");
if (root !== null) mount(root, createDeskSession());
