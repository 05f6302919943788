import { execFileSync } from 'node:child_process';
import { join, resolve } from 'node:path';

/** Builds the lab once, before any worker starts one. */
export default function setup(): void {
  const root = resolve(import.meta.dirname, '../..');
  execFileSync('go', ['build', '-o', join(root, 'bin/lab'), './internal/lab'], { cwd: root });
}
