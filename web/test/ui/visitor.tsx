import { mount } from "../../src/visitor/mount.tsx";
import { createScriptedVisitor } from "./visitor-script.ts";

const query = new URLSearchParams(location.search);
const root = document.getElementById("app");
if (query.has("rtl")) document.documentElement.dir = "rtl";
if (root !== null) mount(root, createScriptedVisitor);
