import { mount, tick, unmount } from 'svelte';
import { expect, it, vi } from 'vitest';
import LibraryFolder from './LibraryFolder.svelte';

vi.mock('../../stores/StoresContainer', () => ({ useStores: () => stores }));
let answer: (l: unknown) => void = () => undefined;
const slow = new Promise((done) => { answer = done; });
const stores = { appStore: {}, uiStore: { closeCommands: vi.fn() }, commandStore: { commands: [], library: () => slow, setLibrary: vi.fn() } };

// The folder that is kept came late and took the place of the one that was being typed.
it('keeps what is typed before the kept folder is known', async () => {
  const dialog = mount(LibraryFolder, { target: document.body });
  await tick();
  const field = document.querySelector<HTMLInputElement>('#library-folder');
  if (!field) throw new Error('no field');
  field.value = '/home/me/commands';
  field.dispatchEvent(new Event('input', { bubbles: true }));
  answer({ folder: '', commands: 0, problems: [] });
  await slow;
  await tick();
  expect(field.value).toBe('/home/me/commands');
  await unmount(dialog);
});
