import { flushSync, mount, unmount, type Component } from 'svelte';
import { describe, expect, it } from 'vitest';

const sources = import.meta.glob<string>('../../../**/*.svelte', { query: '?raw', import: 'default', eager: true });
const names = [...new Set(Object.values(sources).flatMap((text) => [...text.matchAll(/@lucide\/svelte\/icons\/([a-z0-9-]+)/g)].map((m) => m[1] ?? '')))].sort();

describe('Icon', () => {
  it('is in the place of the library\'s own', () => expect(names.length).toBeGreaterThan(50));
  it.each(names)('draws every shape of %s', async (name) => {
    const { default: Drawn } = (await import(/* @vite-ignore */ `@lucide/svelte/icons/${name}`)) as { default: Component<{ class?: string }> };
    const icon = mount(Drawn, { target: document.body, props: { class: 'size-4' } });
    flushSync();
    const svg = document.querySelector('svg');
    expect(svg?.getAttribute('class')).toBe('size-4');
    expect(svg?.querySelectorAll('path, circle, line, rect, polyline').length).toBeGreaterThan(0);
    expect(svg?.querySelector('[data-unknown-shape]')).toBeNull();
    await unmount(icon);
  });
});
