"""Records what NEST and Brian2 do with the networks of `tests.golden.networks`, for the tests beside it.

In a virtual environment of its own (Python 3.11), from the root of the project:

    python3.11 -m venv peers && peers/bin/pip install -r tests/golden/make/requirements.txt
    peers/bin/python -m tests.golden.make record

writes ``tests/golden/peers/*.npz`` again (about a minute); ``nest`` or ``brian2`` behind it writes that peer's only.

    peers/bin/python -m tests.golden.make others --ours PYTHON

runs further seeds in the peers, and in PYTHON (one that has this project installed) ours, and compares. With
``requirements-frameworks.txt`` in another environment, ``python -m tests.golden.make.frameworks_record`` writes what
snnTorch, Norse and SpikingJelly do with the layer of `tests.golden.layers`, and ``python -m
tests.golden.make.bptt_record`` the gradients that torch's autograd finds for those of `tests.golden.bptt_cases`.

FORMAT. Each file holds ``made_by`` (peer, version, model), ``digest`` of the network it was made with (see
`Network.digest`), and arrays:

- ``spikes`` (m, 2) int16: (step, neuron) of the recurrent network over 10,000 steps of 0.1 ms, sorted; step k is the
  update from k dt to (k + 1) dt.
- ``uncoupled`` (m, 2) int16: the same for the same neurons without the recurrent synapses, so that no chaos
  enlarges a difference.
- a name of the peer (``V_m``, ``w``, ``g_ex``, ``v``, ...): (steps, n) float64, the state after each step of the first
  n neurons of the uncoupled network; NEST's in mV, pA, nS, Brian2's in SI units.

Network ``NAME`` of ``nest_NAME.npz`` is ``NETWORKS[NAME](1)``, of ``brian2_*.npz`` it is ``NETWORKS[...](2)``: see
`nest_record` and `brian2_record`. Weights and delays of `Network` are ours: an arrival in the update of step
k + delay. ``drive`` is r times the constant current (in Izhikevich's neuron the current); for NEST's models with a
capacitance the current is I_e = drive c_mem / tau_mem, and a weight is a current [A] or a conductance [S].
``refractory`` is in steps, the peer's own t_ref / dt.

In ``nest_aeif_*`` the traces ``*_tight`` are those with gsl_error_tol 1e-12; the default, 1e-6, differs by up to
0.01 mV in the upswing, and gives the same spikes.

``nest_stp.npz``: V_m of iaf_psc_delta and iaf_psc_exp (tau_m 10, tau_syn 3 ms, C_m 250 pF, E_L = 0), a column per entry
of `STP` (U, tau_rec, tau_facil), reached by `stp_train()` with weight 100 (mV or pA) and a delay of 3 steps.
``nest_noise.npz``: (value, standard error) of mean and variance of V_m [mV] over neurons and instants, of iaf_psc_delta
(tau_m 10 ms, C_m 250 pF) under a Gaussian current of mean 100 and standard deviation 200 pA that is drawn anew every
0.1 or 1 ms. ``nest_conventions.npz``: see `record_conventions`.

``brian2_learning.npz``: spikes, and weights at the end in order of the synapses, of the network of
`tests.golden.learning` under three rules. ``brian2_izhikevich_2007.npz``: s, c and d every 10 ms.
``nest_learning.npz``: for every entry of `NEST_RULES` the steps of the presynaptic spikes and the weights right after
each.

``bptt.npz``: for every case CASE.a and CASE.out, spikes (T, B, n), and the gradients of what `tests.golden.bptt_torch`
calls its free numbers, float64, weights as [post, pre].
"""
