import * as App from '$wails/go/desktop/App';
import * as Prompts from '$wails/go/desktop/Prompts';
import * as SettingsGo from '$wails/go/desktop/Settings';
import { ClipboardSetText } from '$wails/runtime/runtime';
import { APIService } from './APIService';
import type { AppStatus, Prompt, PromptAnswer, Settings, Storage, Task } from './types';

export class AppAPIService extends APIService {
  status = () => this.call<AppStatus>(() => App.Status());
  retry = () => this.call<void>(() => App.Retry());
  startDemo = () => this.call<void>(() => App.StartDemo());
  leaveDemo = () => this.call<void>(() => App.LeaveDemo());
  /** How far something is that takes a while. */
  task = (id: string) => this.call<Task>(() => App.Task(id));
  stopTask = (id: string) => this.call<void>(() => App.StopTask(id));
  showFolder = (path: string) => this.call<void>(() => App.ShowFolder(path));
  /** Says whether the window has the keyboard. */
  focused = (on: boolean) => this.call<void>(() => App.Focused(on));
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
  storage = () => this.call<Storage>(() => SettingsGo.Storage());
  /** Each begins a task and answers its id; "" is a change of mind in the dialog for the file. */
  removeNow = () => this.call<string>(() => SettingsGo.RemoveNow());
  backup = () => this.call<string>(() => SettingsGo.Backup());
  restore = () => this.call<string>(() => SettingsGo.Restore());
  checkData = () => this.call<string>(() => SettingsGo.CheckData());
  repair = () => this.call<string>(() => SettingsGo.Repair());
}
