/** A QR code as one path in an SVG: no image is loaded, and no markup is made from text. */

import encodeQR from "qr";

/** Readers want so many light modules around it (ISO/IEC 18004). */
const QUIET = 4;

export function QrCode({ text, label }: { text: string; label: string }) {
  const rows = encodeQR(text, "raw", { ecc: "medium", border: QUIET });
  const path = rows.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : ""))).join("");
  return (
    <svg class="qr" viewBox={`0 0 ${rows.length} ${rows.length}`} role="img" aria-label={label}>
      <rect class="light" width={rows.length} height={rows.length} />
      <path class="dark" d={path} />
    </svg>
  );
}
