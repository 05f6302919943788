import { flushSync, mount, unmount } from 'svelte';
import { afterEach, expect, it, vi } from 'vitest';
import type { Prompt } from '../../services/api/types';
import SecretDialog from './SecretDialog.svelte';

const prompt = (more: Partial<Prompt>): Prompt => ({
  id: 'p', kind: 'passphrase', vmName: 'web', address: 'me@web:22', ip: '', hops: [], keyType: '', keyBits: 0, fingerprint: '', knownFingerprint: '',
  knownAt: '', removeCommand: '', knownHostsFile: '', reason: '', keyFile: '/id', question: '', said: '', echo: false, attempt: 1, canKeep: false, forgot: false, askedAt: '', ...more,
});
let app: ReturnType<typeof mount>;
afterEach(() => unmount(app));

function open(more: Partial<Prompt>) {
  const onanswer = vi.fn();
  app = mount(SecretDialog, { target: document.body, props: { prompt: prompt(more), onanswer } });
  flushSync();
  const field = document.getElementById('secret') as HTMLInputElement;
  const submit = () => {
    field.value = 'hunter2';
    field.dispatchEvent(new Event('input', { bubbles: true }));
    flushSync(); // typing and Enter are two events
    document.getElementById('secret-form')?.dispatchEvent(new Event('submit', { cancelable: true }));
    flushSync();
  };
  return { onanswer, field, submit, tick: document.querySelector<HTMLInputElement>('input[type=checkbox]') };
}

it('has no tick where there is no keychain', () => {
  const d = open({});
  expect(d.tick).toBeNull();
  expect(d.field.type).toBe('password');
  d.submit();
  expect(d.onanswer).toHaveBeenCalledWith(true, 'hunter2', false);
  expect(d.field.value).toBe('');
});

it('keeps only what is ticked, and the tick is off by itself', () => {
  const d = open({ canKeep: true });
  expect(d.tick?.checked).toBe(false);
  d.tick?.click();
  d.submit();
  expect(d.onanswer).toHaveBeenCalledWith(true, 'hunter2', true);
});

it('says that what was kept was wrong', () => {
  open({ canKeep: true, forgot: true, attempt: 2 });
  expect(document.body.textContent).toContain('has been forgotten');
});
