import * as App from '$wails/go/desktop/App';
import * as Prompts from '$wails/go/desktop/Prompts';
import * as SettingsGo from '$wails/go/desktop/Settings';
import { ClipboardSetText } from '$wails/runtime/runtime';
import { APIService } from './APIService';
import type { AppStatus, Prompt, PromptAnswer, Settings } from './types';

export class AppAPIService extends APIService {
  status = () => this.call<AppStatus>(() => App.Status());
  retry = () => this.call<void>(() => App.Retry());
  startDemo = () => this.call<void>(() => App.StartDemo());
  leaveDemo = () => this.call<void>(() => App.LeaveDemo());
  mark = (name: string, ms: number) => this.call<void>(() => App.Mark(name, ms));
  copy = (text: string) => this.call<boolean>(() => ClipboardSetText(text));
}

export class PromptAPIService extends APIService {
  pending = () => this.call<Prompt[]>(() => Prompts.Pending());
  answer = (answer: PromptAnswer) => this.call<void>(() => Prompts.Answer(answer));
}

export class SettingsAPIService extends APIService {
  get = () => this.call<Settings>(() => SettingsGo.Get());
  put = (settings: Settings) => this.call<Settings>(() => SettingsGo.Put(settings));
}
