/** The mark, a ring with a dune in it. It could be a weather app, and that is the point. */
export function Mark() {
  return (
    <span class="name">
      <svg class="mark" viewBox="0 0 26 26" aria-hidden="true">
        <circle cx="13" cy="13" r="11.9" fill="none" stroke="currentColor" stroke-width="1.8" />
        <path d="M2 16c5-.5 8-6.5 12-6.5 1 3.5 4 6.5 10 5.5A11.9 11.9 0 0 1 2 16z" fill="currentColor" />
      </svg>
      Luwte
    </span>
  );
}
