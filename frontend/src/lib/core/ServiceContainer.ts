import { AppAPIService, PromptAPIService, SettingsAPIService } from '../services/api/AppAPIService';
import { CommandAPIService } from '../services/api/CommandAPIService';
import { JobAPIService } from '../services/api/JobAPIService';
import { LogAPIService } from '../services/api/LogAPIService';
import { SearchAPIService } from '../services/api/SearchAPIService';
import { VMAPIService } from '../services/api/VMAPIService';
import { JobWebSocketService } from '../services/events/JobWebSocketService';
import { WebSocketManager } from '../services/events/WebSocketManager';

/** Every service there is, by name. Tests make their own with fakes in the places they care for. */
export interface Services {
  appService: AppAPIService;
  vmService: VMAPIService;
  commandService: CommandAPIService;
  jobService: JobAPIService;
  logService: LogAPIService;
  searchService: SearchAPIService;
  promptService: PromptAPIService;
  settingsService: SettingsAPIService;
  events: WebSocketManager;
  jobEvents: JobWebSocketService;
}

/** Services are built once, at first use, and can be replaced before that. */
export class ServiceContainer {
  private readonly makers = new Map<keyof Services, () => unknown>();
  private readonly made = new Map<keyof Services, unknown>();

  registerService<N extends keyof Services>(name: N, make: () => Services[N]): void {
    this.makers.set(name, make);
    this.made.delete(name);
  }

  getService<N extends keyof Services>(name: N): Services[N] {
    if (!this.made.has(name)) {
      const make = this.makers.get(name);
      if (!make) throw new Error(`no service is registered as ${name}`);
      this.made.set(name, make());
    }
    return this.made.get(name) as Services[N];
  }
}

/** The services of the real window. */
export function createServices(): ServiceContainer {
  const c = new ServiceContainer();
  c.registerService('appService', () => new AppAPIService());
  c.registerService('vmService', () => new VMAPIService());
  c.registerService('commandService', () => new CommandAPIService());
  c.registerService('jobService', () => new JobAPIService());
  c.registerService('logService', () => new LogAPIService());
  c.registerService('searchService', () => new SearchAPIService());
  c.registerService('promptService', () => new PromptAPIService());
  c.registerService('settingsService', () => new SettingsAPIService());
  c.registerService('events', () => new WebSocketManager());
  c.registerService('jobEvents', () => new JobWebSocketService(c.getService('events')));
  return c;
}
