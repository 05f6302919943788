import type { Plugin } from 'vite';

type Shape = [tag: string, attributes: Record<string, string>];
const attributes = (a: Record<string, string>) => Object.entries(a).map(([name, value]) => ` ${name}="${value}"`).join('');

/** The component of an icon: its shapes stand in the template, which Svelte clones as a whole. */
export function iconSource(shapes: readonly Shape[]): string {
  return `<script>let { class: more = '', fill = 'none', size = 24 } = $props();</script>
<svg class={more} width={size} height={size} viewBox="0 0 24 24" {fill} stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">${shapes.map(([tag, a]) => `<${tag}${attributes(a)} />`).join('')}</svg>`;
}

/**
 * Draws lucide's icons with components of our own. The library's build every attribute of every shape anew for each icon:
 * in WebKit a screen of two hundred icons took a good part of what a click may take.
 */
export const icons: Plugin = {
  name: 'icons',
  enforce: 'pre',
  transform(code, id) {
    if (!/\/@lucide\/svelte\/dist\/icons\/[a-z0-9-]+\.svelte$/.test(id)) return undefined;
    const data = /const iconData = (\{.*\});/.exec(code)?.[1];
    if (!data) throw new Error(`${id} has no icon in the form that vite.icons.ts knows`);
    return { code: iconSource((JSON.parse(data) as { node: Shape[] }).node), map: null };
  },
};
