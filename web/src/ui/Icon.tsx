/** The few pictures that stand beside a word. Drawn here: no file to fetch, no font to load. */

const shapes = {
  exit: "M10 17l5-5-5-5M15 12H3M14 4h4a2 2 0 0 1 2 2v12a2 2 0 0 1-2 2h-4",
  check: "M4 13l5 5L20 6",
  twice: "M2 13l5 5L16 7M11 17l1.5 1.5L22 7",
  clock: "M12 7v5l3 2M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0z",
  hourglass: "M7 3h10M7 21h10M8 3v4l4 5 4-5V3M8 21v-4l4-5 4 5v4",
  retry: "M4 5v5h5M4.6 10A8 8 0 1 1 4 14",
  eye: "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12zM15 12a3 3 0 1 1-6 0 3 3 0 0 1 6 0z",
  phone:
    "M6 3h3l2 5-2.2 1.6a12 12 0 0 0 5.6 5.6L16 13l5 2v3a2.5 2.5 0 0 1-2.7 2.5A16 16 0 0 1 3.5 5.7A2.5 2.5 0 0 1 6 3z",
  down: "M5 9l7 7 7-7",
  note: "M5 4h14v10l-6 6H5zM13 20v-6h6",
  lock: "M7 11V8a5 5 0 0 1 10 0v3M6 11h12v9H6zM12 15v2",
  warn: "M12 4L2.5 20h19zM12 10v4M12 17v.2",
  line: "M3 9c3-3 6 3 9 0s6 3 9 0M3 15c3-3 6 3 9 0s6 3 9 0",
  cut: "M3 9c3-3 4 2 6 1M15 15c2 1 4-3 6 0M5 20L19 4",
} as const;

export type IconName = keyof typeof shapes;

/** *turns*: it points somewhere, so it mirrors where people read from right to left. */
export function Icon({ name, turns = false }: { name: IconName; turns?: boolean }) {
  return (
    <svg class={turns ? "icon turns" : "icon"} viewBox="0 0 24 24" aria-hidden="true">
      <path d={shapes[name]} />
    </svg>
  );
}
