import { describe, expect, it } from 'vitest';
import type { CheckStep, Explanation } from '../../services/api/types';
import { answeredBy, byHost, checkText, defaultCount, rowsOf, settingsText, took } from './explain';

const place = { file: '', line: 0, given: false };
const explanation: Explanation = {
  name: 'web-1', source: 'own', reason: '', settings: [
    { keyword: 'hostname', changed: true, expanded: [], values: [{ ...place, value: '10.0.0.5', file: '/c', line: 2 }] },
    { keyword: 'port', changed: true, expanded: [], values: [{ ...place, value: '2222', given: true }] },
    { keyword: 'user', changed: true, expanded: [], values: [{ ...place, value: 'deploy' }] },
    { keyword: 'identityfile', changed: true, expanded: ['/h/a', '/h/b'], values: [{ ...place, value: '~/a', file: '/c', line: 3 }, { ...place, value: '~/b', file: '/c', line: 4 }] },
    { keyword: 'compression', changed: false, expanded: [], values: [{ ...place, value: 'no' }] },
  ],
};
const step = (more: Partial<CheckStep>): CheckStep => ({ host: 'gate', kind: 'tcp', state: 'ok', micros: 400, text: '10.0.0.1:22', ...more });

describe('the settings', () => {
  it('name each keyword once, with the place of every value and what it comes to', () => {
    expect(rowsOf(explanation, '', false).map((r) => [r.first ? r.keyword : '', r.value, r.from])).toEqual([
      ['hostname', '10.0.0.5', '/c:2'], ['port', '2222', 'set for this VM'], ['user', 'deploy', 'follows another setting'],
      ['identityfile', '~/a', '/c:3'], ['', '~/b', '/c:4'], ['', '/h/a', ''], ['', '/h/b', ''],
    ]);
    expect(rowsOf(explanation, '', true).at(-1)).toMatchObject({ keyword: 'compression', from: 'default', changed: false });
    expect(rowsOf({ ...explanation, source: 'ssh -G' }, 'deploy', false)).toMatchObject([{ from: 'place not known' }]);
    expect(defaultCount(explanation)).toBe(1);
  });
  it('are filtered by keyword, value and place; a keyword stays whole', () => {
    expect(rowsOf(explanation, ' DEPLOY', false).map((r) => r.keyword)).toEqual(['user']);
    expect(rowsOf(explanation, '/h/b', false)).toHaveLength(4);
    expect(rowsOf(explanation, 'compress', false)).toHaveLength(0);
  });
  it('are copied as text', () => {
    expect(settingsText(rowsOf(explanation, 'identity', false))).toBe('identityfile\t~/a\t/c:3\nidentityfile\t~/b\t/c:4\n\t-> /h/a\n\t-> /h/b');
  });
  it('say who answered', () => {
    expect(answeredBy(explanation)).toBe('Worked out here, as ssh -G would.');
    expect(answeredBy({ ...explanation, source: 'ssh -G', reason: 'Match exec at /c:9' })).toBe('Answered by ssh -G, because of Match exec at /c:9.');
    expect(answeredBy({ ...explanation, reason: 'the demo fleet sets these' })).toBe('The demo fleet sets these.');
  });
});

describe('the steps', () => {
  it('are gathered by machine, in order', () => {
    const steps = [step({ host: 'web' , kind: 'settings' }), step({}), step({ kind: 'login' }), step({ host: 'web', kind: 'forward' })];
    expect(byHost(steps).map((p) => [p.host, p.steps.length])).toEqual([['web', 1], ['gate', 2], ['web', 1]]);
  });
  it('have times that can be read', () => {
    expect([0, 400, 9949, 9951, 12_400, 999_600, 15_000_000].map(took)).toEqual(['0.0 ms', '0.4 ms', '9.9 ms', '10 ms', '12 ms', '1.0 s', '15.0 s']);
  });
  it('are copied with the error and its details', () => {
    const error = { code: 'no_shell', message: 'runs no commands', hint: '', field: '', details: 'it said: no' };
    const steps = [step({}), step({ kind: 'login', state: 'failed', text: '', error }), step({ kind: 'shell', state: 'not_reached', micros: 0, text: '' })];
    expect(checkText({ name: 'gate', ok: false, micros: 800, steps })).toBe('gate\tTCP\tok\t0.4 ms\t10.0.0.1:22\ngate\tLogin\tfailed\t0.4 ms\tno_shell: runs no commands\n\tit said: no\ngate\tShell\tnot reached');
  });
});
