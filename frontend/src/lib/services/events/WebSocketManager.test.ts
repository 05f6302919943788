import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WebSocketManager } from './WebSocketManager';

function setUp() {
  const handlers = new Map<string, (p: unknown) => void>();
  const subscribe = vi.fn((name: string, f: (p: never) => void) => { handlers.set(name, f as (p: unknown) => void); return () => handlers.delete(name); });
  return { manager: new WebSocketManager(subscribe), subscribe, handlers, send: (name: string, seq: number, epoch = 'e') => handlers.get(name)?.({ epoch, seq }) };
}

describe('WebSocketManager', () => {
  beforeEach(() => { vi.useFakeTimers(); });
  afterEach(() => { vi.useRealTimers(); });

  it('subscribes once per event and lets go with the last listener', () => {
    const { manager, subscribe, handlers, send } = setUp();
    const [a, b] = [vi.fn(), vi.fn()];
    const stopA = manager.on('vms:changed', a);
    const stopB = manager.on('vms:changed', b);
    expect(subscribe).toHaveBeenCalledTimes(1);
    send('vms:changed', 1);
    stopA();
    stopA();
    send('vms:changed', 2);
    expect([a.mock.calls.length, b.mock.calls.length]).toEqual([1, 2]);
    stopB();
    expect(handlers.size).toBe(0);
  });

  it('tells of a gap once, and of a new epoch', () => {
    const { manager, send } = setUp();
    const gap = vi.fn();
    manager.on('vms:changed', () => {});
    manager.onGap(gap);
    send('vms:changed', 1);
    send('vms:changed', 2);
    vi.advanceTimersByTime(300);
    expect(gap).not.toHaveBeenCalled();
    send('vms:changed', 5);
    send('vms:changed', 9);
    vi.advanceTimersByTime(300);
    expect(gap).toHaveBeenCalledTimes(1);
    send('vms:changed', 1, 'another');
    vi.advanceTimersByTime(300);
    expect(gap).toHaveBeenCalledTimes(2);
  });
});
