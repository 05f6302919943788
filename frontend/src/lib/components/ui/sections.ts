/** Rows beyond the edges that are drawn too, so that a fast wheel meets no empty space. */
const OVER = 6;

/** The place of a group in a list of which only what is in sight is drawn. All in CSS pixels. */
export interface Placed { top: number; height: number; open: boolean; rows: number }

/** The geometry of a list of groups whose heads stick to the top: every head and every row has the same height. */
export function sectionsOf(head: number, row: number) {
  return {
    /** Puts the groups under each other; a closed one is its head alone. */
    place<G extends { key: string }>(groups: readonly G[], count: (group: G) => number, closed: ReadonlySet<string>): (G & Placed)[] {
      let top = 0;
      return groups.map((group) => {
        const open = !closed.has(group.key);
        const rows = count(group);
        const section = { ...group, rows, top, height: head + (open ? rows * row : 0), open };
        top += section.height;
        return section;
      });
    },
    /** The sections that a window of the list shows. */
    inSight: <S extends Placed>(sections: readonly S[], scrollTop: number, height: number): S[] => sections.filter((s) => s.top < scrollTop + height + row && s.top + s.height > scrollTop - row),
    /** The rows of a section, from and before, that a window of the list shows. */
    seen(section: Placed, scrollTop: number, height: number): [number, number] {
      if (!section.open) return [0, 0];
      const first = section.top + head;
      const from = Math.max(0, Math.floor((scrollTop - first) / row) - OVER);
      const to = Math.min(section.rows, Math.ceil((scrollTop + height - first) / row) + OVER);
      return [Math.min(from, section.rows), Math.max(0, to)];
    },
    /** Where to scroll so that a row is seen under the head that sticks above it; the present place where it is seen already. */
    scrollFor(section: Placed, index: number, scrollTop: number, height: number): number {
      const top = section.top + head + index * row;
      if (top - head < scrollTop) return Math.max(0, index === 0 ? section.top : top - head);
      return top + row > scrollTop + height ? top + row - height : scrollTop;
    },
  };
}
