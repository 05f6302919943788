import { flushSync, mount, unmount, type Component } from 'svelte';
import { describe, expect, it } from 'vitest';
import { iconSource } from '../../../../vite.icons';

const sources = import.meta.glob<string>('../../../**/*.svelte', { query: '?raw', import: 'default', eager: true });
const names = [...new Set(Object.values(sources).flatMap((text) => [...text.matchAll(/@lucide\/svelte\/icons\/([a-z0-9-]+)/g)].map((m) => m[1] ?? '')))].sort();

describe('icons', () => {
  it('are all found', () => expect(names.length).toBeGreaterThan(50));
  it.each(names)('draws %s by its own component', async (name) => {
    const { default: Drawn } = (await import(/* @vite-ignore */ `@lucide/svelte/icons/${name}`)) as { default: Component<{ class?: string }> };
    const icon = mount(Drawn, { target: document.body, props: { class: 'size-4' } });
    flushSync();
    const svg = document.querySelector('svg');
    // The library's own adds classes of its own.
    expect(svg?.getAttribute('class')).toBe('size-4');
    expect(svg?.querySelectorAll('path, circle, line, rect, polyline').length).toBeGreaterThan(0);
    await unmount(icon);
  });
  it('have their shapes in the template', () => {
    expect(iconSource([['circle', { cx: '12', cy: '12', r: '10' }], ['path', { d: 'm16 9-5.5 5.5L8 12' }]]))
      .toContain('<circle cx="12" cy="12" r="10" /><path d="m16 9-5.5 5.5L8 12" /></svg>');
  });
});
