import { describe, expect, it } from 'vitest';
import { KEYS, label, pressed, type KeyName } from './keys';

const press = (key: string, more: KeyboardEventInit = {}, tag = 'div') => {
  const at = document.createElement(tag);
  let seen: KeyName[] = [];
  at.addEventListener('keydown', (e) => { seen = (Object.keys(KEYS) as KeyName[]).filter((name) => pressed(e, name)); });
  at.dispatchEvent(new KeyboardEvent('keydown', { key, ...more }));
  return seen;
};

describe('keys', () => {
  it('are told apart by Ctrl and Shift, and letters are letters while the person types', () => {
    expect(press('k', { ctrlKey: true }, 'input')).toEqual(['palette']);
    expect(press('K', { ctrlKey: true, shiftKey: true })).toEqual([]);
    expect(press('F', { ctrlKey: true, shiftKey: true })).toEqual(['searchLogs']);
    expect(press('?', { shiftKey: true })).toEqual(['keys']);
    expect(press('?', { shiftKey: true }, 'textarea')).toEqual([]);
    expect(press('/')).toEqual(['filter']);
    expect(press('r')).toEqual(['again']);
    expect(press('r', { altKey: true })).toEqual(['expression']);
    expect(press('Ω', { altKey: true, code: 'KeyZ' })).toEqual(['wrap']);
    expect(press('e', { altKey: true })).toEqual([]);
  });

  it('mean one thing each, in every place', () => {
    const seen = new Map<string, string>();
    for (const [name, key] of Object.entries(KEYS)) for (const k of key.keys) {
      for (const group of new Set([key.group, 'Anywhere'])) {
        const id = [group, key.mod, key.shift, key.alt, k].join();
        if (group === key.group) { expect(seen.get(id), `${name}: ${k}`).toBeUndefined(); seen.set(id, name); }
      }
    }
  });

  it('are named as on a keyboard', () => {
    expect(label('searchLogs')).toBe('Ctrl Shift F');
    expect(label('wrap')).toBe('Alt Z');
    expect(label('move')).toBe('↓ ↑ J K');
  });
});
