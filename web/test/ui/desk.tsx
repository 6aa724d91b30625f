import { mount } from "../../src/desk/mount.tsx";
import { createScriptedDesk } from "./desk-script.ts";

const root = document.getElementById("app");
if (new URLSearchParams(location.search).has("rtl")) document.documentElement.dir = "rtl";
if (root !== null) mount(root, createScriptedDesk());
