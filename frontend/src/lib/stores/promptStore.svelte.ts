import type { PromptAPIService } from '../services/api/AppAPIService';
import { ApiError } from '../services/api/ApiError';
import type { Prompt } from '../services/api/types';
import type { WebSocketManager } from '../services/events/WebSocketManager';
import { createStoreFactory } from './base.svelte';

interface Dependencies { promptService: Pick<PromptAPIService, 'pending' | 'answer'>; events: Pick<WebSocketManager, 'on' | 'onGap'> }

/** Questions to the person, one shown at a time, oldest first. */
export const createPromptStore = createStoreFactory((base, { promptService, events }: Dependencies) => {
  let prompts = $state.raw<Prompt[]>([]);

  async function loadPrompts(): Promise<void> {
    const list = await base.loadLatest(() => promptService.pending());
    if (list) prompts = list;
  }

  const stops = [
    events.on('prompt:asked', (e) => { prompts = [...prompts.filter((p) => p.id !== e.prompt.id), e.prompt]; }),
    events.on('prompt:closed', (e) => { prompts = prompts.filter((p) => p.id !== e.id); }),
    events.onGap(() => void loadPrompts()),
  ];

  return {
    get current() { return prompts[0] ?? null; },
    get count() { return prompts.length; },
    loadPrompts,
    /** The secret leaves this window only in this call. Gives the error of an answer that didn't arrive; the question then comes back if it is still open. */
    async answer(id: string, accept: boolean, secret = '', keep = false): Promise<ApiError | null> {
      prompts = prompts.filter((p) => p.id !== id);
      try {
        await promptService.answer({ id, accept, secret, keep });
        return null;
      } catch (reason) {
        await loadPrompts();
        return ApiError.from(reason);
      }
    },
    destroy() { for (const stop of stops) stop(); },
  };
});
export type PromptStore = ReturnType<typeof createPromptStore>;
