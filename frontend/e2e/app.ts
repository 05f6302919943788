import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { test as base } from '@playwright/test';
import { takeIn } from './steps';

const root = resolve(import.meta.dirname, '../..');

/** The lab's servers; see internal/lab. */
export interface Lab { config: string; trouble: string; knownHosts: string; passphrase: string; strangerFingerprint: string; changedFingerprint: string; user: string }

export interface App {
  url: string;
  dataDir: string;
  lab: Lab;
  /** The lab's hosts are in it from the start. */
  taken: boolean;
  pid: number;
  /** What the app has written to its stdout and stderr (the end of it). */
  output: () => string;
  /** Runs vmo on the same data folder, from another process. */
  vmo: (...args: string[]) => string;
}

async function freePort(): Promise<number> {
  return new Promise((done, fail) => {
    const server = createServer().once('error', fail).listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => (address && typeof address === 'object' ? done(address.port) : fail(new Error('no port'))));
    });
  });
}

function gone(child: ChildProcess): Promise<void> {
  return new Promise((done) => (child.exitCode !== null || child.signalCode !== null ? done() : child.once('exit', () => done())));
}

async function end(child: ChildProcess): Promise<void> {
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await gone(child);
  clearTimeout(timer);
}

interface Running { url: string; pid: number; output: () => string; stop: () => Promise<void>; kill: () => Promise<void> }

/** Starts the real backend, which serves the built window to a browser. */
export const startApp = (dataDir: string, sshConfig: string, ...args: string[]): Promise<Running> => startWith([], dataDir, sshConfig, ...args);

/** The same with the data folder on a disk of its own that has so many megabytes, in a mount namespace. */
export const startOnDisk = (megabytes: number, dataDir: string, sshConfig: string): Promise<Running> =>
  startWith(['unshare', process.getuid?.() === 0 ? '-m' : '-mr', 'sh', '-c', `mount -t tmpfs -o size=${megabytes}m tmpfs "$VMO_DATA_DIR" && exec "$@"`, 'sh'], dataDir, sshConfig);

async function startWith(before: string[], dataDir: string, sshConfig: string, ...args: string[]): Promise<Running> {
  const port = await freePort();
  const [program = '', ...first] = [...before, join(root, 'bin/vm-orchestrator-dev')];
  const child = spawn(program, [...first, '-devserver', `127.0.0.1:${port}`, '-assetdir', join(root, 'frontend/dist'), ...args], {
    cwd: root, env: { ...process.env, VMO_DATA_DIR: dataDir, VMO_SSH_CONFIG: sshConfig }, stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  for (const out of [child.stdout, child.stderr]) out.on('data', (text: Buffer) => { log = (log + text.toString()).slice(-20_000); });
  const url = `http://127.0.0.1:${port}/`;
  for (const until = Date.now() + 20_000; ; ) {
    if (await fetch(url).then((r) => r.ok, () => false)) break;
    if (Date.now() > until || child.exitCode !== null) throw new Error(`the app doesn't answer on ${url}:\n${log}`);
    await new Promise((done) => setTimeout(done, 100));
  }
  return { url, pid: child.pid ?? 0, output: () => log, stop: () => end(child), kill: () => { child.kill('SIGKILL'); return gone(child); } };
}

/** Runs vmo on a data folder, from another process. */
export const vmoOn = (dataDir: string, sshConfig: string, ...args: string[]): string =>
  execFileSync(join(root, 'bin/vmo'), ['--data', dataDir, '--ssh-config', sshConfig, ...args], { encoding: 'utf8' });

export async function startLab(dir: string): Promise<{ lab: Lab; stop: () => Promise<void> }> {
  const child = spawn(join(root, 'bin/lab'), [dir], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = (await new Promise<string[]>((done, fail) => {
    createInterface({ input: child.stdout }).once('line', (text) => done([text]));
    child.once('exit', (code) => fail(new Error(`the lab ended with status ${code}`)));
  }));
  return { lab: JSON.parse(line ?? '{}') as Lab, stop: async () => { child.stdin.end(); await gone(child); } };
}

/** A test with a lab of real SSH servers and a backend on an empty data folder, or with `taken` on one that has the lab's
 *  hosts: taking them in by the window takes two seconds, and some seventy tests begin with it. */
export const test = base.extend<{ app: App; taken: boolean }, { lab: Lab; takenIn: () => Promise<string> }>({
  taken: [false, { option: true }],
  lab: [async ({}, use) => {
    const dir = mkdtempSync(join(tmpdir(), 'vmo-lab-'));
    const { lab, stop } = await startLab(dir);
    await use(lab);
    await stop();
    rmSync(dir, { recursive: true, force: true });
  }, { scope: 'worker' }],
  takenIn: [async ({ lab, browser }, use) => {
    const dir = mkdtempSync(join(tmpdir(), 'vmo-taken-'));
    let made: Promise<string> | undefined;
    await use(() => (made ??= (async () => {
      const { url, stop } = await startApp(dir, lab.config);
      const page = await browser.newPage();
      await takeIn(page, { url });
      await page.close();
      await stop();
      return dir;
    })()));
    rmSync(dir, { recursive: true, force: true });
  }, { scope: 'worker' }],
  app: async ({ lab, taken, takenIn }, use) => {
    const dataDir = mkdtempSync(join(tmpdir(), 'vmo-e2e-'));
    if (taken) cpSync(await takenIn(), dataDir, { recursive: true });
    const { url, pid, output, stop } = await startApp(dataDir, lab.config);
    await use({
      url, pid, output, dataDir, lab, taken,
      vmo: (...args) => vmoOn(dataDir, lab.config, ...args),
    });
    await stop();
    rmSync(dataDir, { recursive: true, force: true });
  },
});

export { expect } from '@playwright/test';

/** An ssh_config file with this text, in a folder of its own. */
export function sshConfig(text: string): string {
  const file = join(mkdtempSync(join(tmpdir(), 'vmo-config-')), 'config');
  writeFileSync(file, text, { mode: 0o600 });
  return file;
}
