/* The control tick of the benchmark, written by hand: what `neurobot` is measured against.
 *
 * Observation -> push-pull -> regular spikes -> hidden LIF, recurrent with a delay of one step -> output LIF ->
 * rate read-out with limits. Weights are [pre, post], a spike adds one row, four rows in one pass, as in our core.
 * Sizes are arguments, so that the compiler knows as much as ours does.
 */
#include <math.h>
#include <stdint.h>

typedef struct {
    int n_obs, n_in, n_hidden, n_out, n_act, substeps;
    const float *center, *scale, *w_in, *w_rec, *w_out;
    const float *alpha_h, *lam_h, *b_h, *theta_h, *reset_h;
    const float *alpha_o, *lam_o, *b_o, *theta_o, *reset_o;
    const float *low, *high, *rest, *slew;
    float *act, *phase, *v_h, *s_h, *v_o, *s_o, *last;
    int32_t *sp_in, *sp_h, *sp_h_old, *sp_o, *counts; /* spike lists: number, then neurons */
    float gain, out_gain;
    int64_t spikes;
} net_t;

static void add_rows(const float *restrict w, int n, const int32_t *restrict sp, float *restrict s) {
    int m = 1, end = 1 + sp[0];
    for (; m + 4 <= end; m += 4) {
        const float *a = w + (long)sp[m] * n, *b = w + (long)sp[m + 1] * n;
        const float *c = w + (long)sp[m + 2] * n, *d = w + (long)sp[m + 3] * n;
        for (int j = 0; j < n; j++) s[j] += (a[j] + b[j]) + (c[j] + d[j]);
    }
    for (; m < end; m++) {
        const float *a = w + (long)sp[m] * n;
        for (int j = 0; j < n; j++) s[j] += a[j];
    }
}

static void lif(int n, float *restrict v, float *restrict s, const float *restrict alpha, const float *restrict lam,
                const float *restrict b, const float *restrict theta, const float *restrict reset,
                int32_t *restrict sp) {
    for (int j = 0; j < n; j++) {
        v[j] = (alpha[j] * v[j] + lam[j] * s[j]) + b[j];
        s[j] = 0.0f;
    }
    int count = 0;
    for (int j = 0; j < n; j++) {
        sp[1 + count] = j;
        count += v[j] > theta[j];
    }
    sp[0] = count;
    for (int m = 0; m < count; m++) v[sp[1 + m]] = reset[sp[1 + m]];
}

int tick(net_t *t, const double *obs, double *out) {
    for (int j = 0; j < t->n_obs; j++)
        if (!isfinite(obs[j])) return 1;
    t->spikes = 0;
    for (int j = 0; j < t->n_obs; j++) {
        double u = (obs[j] - t->center[j]) * t->scale[j];
        u = u < -1.0 ? -1.0 : u > 1.0 ? 1.0 : u;
        t->act[2 * j] = u > 0 ? u : 0;
        t->act[2 * j + 1] = u < 0 ? -u : 0;
    }
    for (int j = 0; j < t->n_out; j++) t->counts[j] = 0;
    for (int k = 0; k < t->substeps; k++) {
        int count = 0;
        for (int j = 0; j < t->n_in; j++) {
            float p = t->phase[j] + t->gain * t->act[j];
            int hit = p >= 1.0f;
            t->phase[j] = hit ? p - 1.0f : p;
            t->sp_in[1 + count] = j;
            count += hit;
        }
        t->sp_in[0] = count;
        add_rows(t->w_in, t->n_hidden, t->sp_in, t->s_h);
        add_rows(t->w_rec, t->n_hidden, t->sp_h, t->s_h); /* the spikes of the step before */
        lif(t->n_hidden, t->v_h, t->s_h, t->alpha_h, t->lam_h, t->b_h, t->theta_h, t->reset_h, t->sp_h);
        add_rows(t->w_out, t->n_out, t->sp_h, t->s_o);
        lif(t->n_out, t->v_o, t->s_o, t->alpha_o, t->lam_o, t->b_o, t->theta_o, t->reset_o, t->sp_o);
        for (int m = 0; m < t->sp_o[0]; m++) t->counts[t->sp_o[1 + m]]++;
        t->spikes += t->sp_in[0] + t->sp_h[0] + t->sp_o[0];
    }
    for (int a = 0; a < t->n_act; a++) {
        int per = t->n_out / (2 * t->n_act);
        double up = 0, down = 0;
        for (int m = 0; m < per; m++) {
            up += t->counts[2 * a * per + m];
            down += t->counts[(2 * a + 1) * per + m];
        }
        double u = t->out_gain * (up / per - down / per);
        if (!isfinite(u)) return 2;
        double x = t->rest[a] + u * (u >= 0 ? t->high[a] - t->rest[a] : t->rest[a] - t->low[a]);
        x = fmin(fmax(x, t->low[a]), t->high[a]);
        x = fmin(fmax(x, t->last[a] - t->slew[a]), t->last[a] + t->slew[a]);
        out[a] = t->last[a] = (float)x;
    }
    return 0;
}
