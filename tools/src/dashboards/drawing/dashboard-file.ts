/** What the drawing reads of a dashboard's JSON: the file that Grafana reads, and nothing else. */
export interface DrawnTarget {
  readonly refId: string;
  readonly expr: string;
  readonly legendFormat: string;
  readonly exemplar: boolean;
}

export interface DrawnPanel {
  readonly type: 'row' | 'timeseries' | 'stat' | 'heatmap' | 'table';
  readonly title: string;
  readonly gridPos: {
    readonly x: number;
    readonly y: number;
    readonly w: number;
    readonly h: number;
  };
  readonly targets?: readonly DrawnTarget[];
  readonly fieldConfig: {
    readonly defaults: {
      readonly unit: string;
      readonly max?: number;
      readonly noValue?: string;
      readonly thresholds: { readonly steps: readonly Step[] };
      readonly custom?: {
        readonly stacking: { readonly mode: 'none' | 'normal' };
        readonly thresholdsStyle: { readonly mode: 'off' | 'dashed' };
      };
    };
    readonly overrides: readonly {
      readonly matcher: { readonly options: string };
      readonly properties: readonly { readonly id: string; readonly value: string }[];
    }[];
  };
  readonly transformations?: readonly {
    readonly id: string;
    readonly options: { readonly byField?: string; readonly renameByName?: Record<string, string> };
  }[];
}

/** From this value on, a colour; null is the beginning. */
export interface Step {
  readonly value: number | null;
  readonly color: string;
}

export interface DrawnDashboard {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly panels: readonly DrawnPanel[];
  readonly annotations: {
    readonly list: readonly {
      readonly name: string;
      readonly expr?: string;
      readonly textFormat?: string;
      readonly iconColor: string;
    }[];
  };
  readonly templating: {
    readonly list: readonly {
      readonly name: string;
      readonly definition: string;
      readonly allValue?: string;
    }[];
  };
}
