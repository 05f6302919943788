import type { Group } from './groups';

/** Heights of the list in CSS pixels; VM.svelte and the heads are drawn in them. */
export const ROW = 46;
export const HEAD = 28;
/** Rows beyond the edges that are drawn too, so that a fast wheel meets no empty space. */
const OVER = 6;

/** A group with its place in the list. */
export interface Section extends Group { top: number; height: number; open: boolean }

export function place(groups: readonly Group[], closed: ReadonlySet<string>): Section[] {
  let top = 0;
  return groups.map((group) => {
    const open = !closed.has(group.key);
    const section = { ...group, top, height: HEAD + (open ? group.vms.length * ROW : 0), open };
    top += section.height;
    return section;
  });
}

/** The rows of a section, from and before, that a window of the list shows. */
export function seen(section: Section, scrollTop: number, height: number): [number, number] {
  if (!section.open) return [0, 0];
  const first = section.top + HEAD;
  const from = Math.max(0, Math.floor((scrollTop - first) / ROW) - OVER);
  const to = Math.min(section.vms.length, Math.ceil((scrollTop + height - first) / ROW) + OVER);
  return [Math.min(from, section.vms.length), Math.max(0, to)];
}

/** Where to scroll so that a row is seen under the head that sticks above it; the present place where it is seen already. */
export function scrollFor(section: Section, index: number, scrollTop: number, height: number): number {
  const top = section.top + HEAD + index * ROW;
  if (top - HEAD < scrollTop) return Math.max(0, index === 0 ? section.top : top - HEAD);
  return top + ROW > scrollTop + height ? top + ROW - height : scrollTop;
}
