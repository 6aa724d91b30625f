/** The visitor's page. */

import { mount } from "./mount.tsx";
import { createVisitorSession } from "./session.ts";

const root = document.getElementById("app");
if (root !== null) mount(root, createVisitorSession);
