import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const named = [...readFileSync(resolve(root, 'docs/seed.md'), 'utf8').matchAll(/(\w+\.spec\.ts): `([^`]+)`/g)].map((m) => ({ file: m[1] ?? '', title: m[2] ?? '' }));
const specs = new Map(readdirSync(resolve(root, 'frontend/e2e')).filter((f) => f.endsWith('.spec.ts')).map((f) => [f, readFileSync(resolve(root, 'frontend/e2e', f), 'utf8')]));

describe('docs/seed.md', () => {
  it('has a test for each row', () => { expect(named.length).toBeGreaterThan(40); });
  it.each(named)('$file: $title', ({ file, title }) => {
    const text = specs.get(file);
    expect(text, `${file} is not there`).toBeDefined();
    expect(text?.includes(`('${title}`) || text?.includes(`(\`${title}`) || text?.includes(`("${title}`), `no test of that name in ${file}`).toBe(true);
  });
});
