/** English, for the page that takes the papers. */

import type { nl } from "./recovery.nl.ts";

export const en: Record<keyof typeof nl, string> = {
  h: "Keys from paper",
  "start.p":
    "With this page two people who keep papers bring a key back. It needs no network, keeps nothing, and sends nothing anywhere.",
  "start.online": "This computer is connected to a network. Pull the cable and turn off the Wi-Fi before you go on.",
  "start.clock": "This computer says that it is {t}. Certificates begin with this day: is it right?",
  "start.alone": "Make sure that nobody is watching, and no camera either.",
  "start.file": "The file recovery.json from the administrator",
  "start.none": "Choose the file first.",
  go: "Continue",
  back: "Start again",
  busy: "A moment.",
  compare: "Is this your main key?",
  "compare.p":
    "These are the digits of the main key of {name}. Compare them with those that you wrote down when it was made, and not with anything from a computer.",
  "compare.no": "Other digits? Stop here. This file is not from your organisation, or somebody changed it.",
  "compare.go": "They are the same",
  task: "What do you need?",
  "task.lead": "Let {name} in as a shift lead",
  "task.lead.p": "When the whole team has lost its passphrases. Two papers of the recovery key.",
  "task.none":
    "Nobody waits to become shift lead in this file. The administrator makes an invitation first: luwte recovery invite.",
  "task.unready": "A shift lead cannot be let in with this file: no lead has signed in since the papers can do that.",
  "task.days": "New days for the key with which leads admit people",
  "task.days.p": "It ends on {t}. Two papers of the main key give it another year.",
  "task.root": "A new main key",
  "task.root.p": "When papers were lost or seen. Two papers of the main key; it signs the new one.",
  "task.lost": "A new main key without the old one",
  "task.lost.p":
    "Only when two papers of the main key are lost. Nothing proves then that the new one is right: everybody has to compare its digits anew.",
  "task.papers.1": "New papers of the main key",
  "task.papers.2": "New papers of the recovery key",
  "task.papers.p": "When one paper was lost. The key stays the same. Old papers still bring it back, so burn them.",
  who: "Is it {name}?",
  "who.p":
    "Call {name}, and have them read the digits from their screen. You know their voice. Only if the digits are the same go on: whoever has these keys will read everything.",
  "who.no": "Other digits, or another voice? Stop here. Somebody else would get the keys.",
  "who.go": "It is them, and the digits are the same",
  "share.1": "{key}: the first paper",
  "share.2": "{key}: the second paper",
  "share.p": "Only who keeps this paper sits here now. Type its eight lines. Four letters of each word are enough.",
  "share.show": "I have my paper ready",
  "share.first": "Type the first paper again",
  "papers.p": "There are three new papers. One person after the other looks, writes down, and types two lines back.",
  "lost.p":
    "The old main key does not sign this one. Go on only if two of its papers are really lost, and tell everybody who knows the old digits.",
  done: "Take the file to the administrator",
  "done.papers": "The new papers are written",
  "done.papers.p": "Burn all old papers of this key, in front of each other. With two of them it still comes back.",
  "done.p": "Save it on a stick. Nothing in it is secret: it opens nothing for whoever finds it.",
  "done.save": "Save {file}",
  "done.lead": "The administrator runs: luwte recovery import admission.json. Then the new shift lead signs in.",
  "done.days": "The administrator runs: luwte recovery import admin-days.json",
  "done.root":
    "The administrator runs: luwte recovery import successor.json, then luwte pin root.pub. Read these digits to them by voice, and write them down on each paper. Burn the old papers afterwards.",
  "done.close": "The keys are gone from this page. Close it, and turn the computer off.",
  "w.claims": "This is not a file that this page can use, or somebody changed it. Ask for a new one.",
  "w.other_key": "This paper is of another key than is needed now.",
  "w.other_set": "These two papers are not of one set. Look at the set on top of each.",
  "w.twice": "This is the same paper once more. The paper of another person is needed.",
  "w.wrong":
    "These two papers do not bring the key back. Look whether both are from this organisation, and type them again.",
  "w.few": "One more paper is needed, and this page knows only of two.",
  "w.version": "This paper was made by a later Luwte than this page.",
  "w.slip": "Line {n} is not as it was written down.",
  "w.wraps": "What the server kept for this key does not open. The file is damaged, or somebody changed it.",
  "w.unready": "The server has no key for letting somebody in, in this file.",
  "w.ended": "The key with which leads admit people has ended. Give it new days first.",
  "w.failed": "That did not work. Start again.",
};
