"""Learning: networks, losses, clusters, alignments."""

from tests.everyday._program import at

POINTS = [[0.1, 0.9], [0.8, 0.2], [0.4, 0.5], [0.9, 0.7], [0.2, 0.3]]
CLASSES = [0, 2, 1, 2, 0]


def spread(count, seed):
    """Numbers that are no pattern, as drawn weights are."""
    return tuple(((k * 0.618034 + seed * 0.31) % 1.0) * 2.0 - 1.0 for k in range(1, count + 1))


@at(*spread(17, 1))
def softmax_network(np, x):
    """A network of one hidden layer, and the cross entropy of its classes."""
    first, second, bias = x[:8].reshape(2, 4), x[8:14].reshape(2, 3), x[14:]
    hidden = np.tanh(np.array(POINTS) @ first)[:, :2]
    scores = hidden @ second + bias
    scores = scores - np.max(scores, axis=1, keepdims=True)
    log_p = scores - np.log(np.sum(np.exp(scores), axis=1, keepdims=True))
    return -np.mean(log_p[np.arange(5), CLASSES])


@at(*spread(6, 2))
def one_hot_cross_entropy(np, x):
    """The labels as rows of a unit matrix."""
    scores = np.array(POINTS) @ x.reshape(2, 3)
    p = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    return -(np.eye(3)[CLASSES] * np.log(p)).sum() / 5


@at(*spread(8, 3))
def recurrent_network(np, x):
    """A loop over time, states in a list."""
    w, u = x[:4].reshape(2, 2), x[4:].reshape(2, 2)
    state, states = np.zeros(2), []
    for row in np.array(POINTS):
        state = np.tanh(w @ state + u @ row)
        states.append(state)
    return np.mean(np.array([0.5, -0.5]) @ np.stack(states).T)


@at(*spread(16, 4))
def long_short_term_memory(np, x):
    """One cell of two units, its four gates by one product."""
    w = x.reshape(4, 4)

    def sigmoid(z):
        return 1 / (1 + np.exp(-z))

    h = c = np.zeros(1)
    for row in np.array(POINTS):
        i, f, o, g = w @ np.concatenate([row, h, np.ones(1)])
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
    return h[0]


@at(*spread(12, 5))
def attention(np, x):
    """One head, the future masked."""
    tokens = np.array(POINTS)
    q, k, v = (tokens @ w for w in x.reshape(3, 2, 2))
    scores = q @ k.T / np.sqrt(2.0)
    scores = np.where(np.tril(np.ones((5, 5))) > 0, scores, -1e9)
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    weights = weights / weights.sum(-1, keepdims=True)
    return np.sum((weights @ v) ** 2)


@at(*spread(8, 6))
def layer_norm(np, x):
    """Rows of mean 0 and variance 1, scaled."""
    rows = x[:6].reshape(2, 3)
    normal = (rows - rows.mean(axis=1, keepdims=True)) / np.sqrt(rows.var(axis=1, keepdims=True) + 1e-5)
    return np.sum(np.sin(x[6] * normal + x[7]))


@at(*spread(6, 7))
def batch_norm_in_place(np, x):
    """The same by columns, with augmented assignments."""
    z = x.reshape(3, 2) * 1.0
    z -= z.mean(axis=0)
    z /= np.sqrt(z.var(axis=0) + 1e-5)
    return np.sum(z**3 * np.array([1.0, 2.0]))


@at(*spread(3, 8))
def convolution_by_loops(np, x):
    """A filter over a signal, each output written in turn."""
    signal = np.sin(np.arange(8.0))
    out = np.zeros(6)
    for i in range(6):
        out[i] = np.sum(signal[i : i + 3] * x)
    return np.sum(np.maximum(out, 0.0) ** 2)


@at(*spread(4, 9))
def convolution_of_an_image(np, x):
    """Two by two, by slices, and the largest of each block."""
    image = np.cos(np.arange(25.0)).reshape(5, 5)
    kernel = x.reshape(2, 2)
    out = sum(kernel[i, j] * image[i : i + 4, j : j + 4] for i in range(2) for j in range(2))
    return out.reshape(2, 2, 2, 2).max(axis=(1, 3)).sum()


@at(*spread(4, 10))
def patches(np, x):
    """The same by a view of windows."""
    image = np.cos(np.arange(25.0)).reshape(5, 5) * x[0]
    windows = np.lib.stride_tricks.sliding_window_view(image, (2, 2))
    return np.sum(np.tanh(windows.reshape(16, 4) @ x))


@at(*spread(4, 11))
def k_means_step(np, x):
    """The centres after one step, and the distances to them."""
    centres, points = x.reshape(2, 2), np.array(POINTS)
    nearest = np.argmin(((points[:, None] - centres[None]) ** 2).sum(-1), axis=1)
    distances = [np.sum((points[nearest == k] - centres[k]) ** 2) for k in range(2)]
    return sum(distances)


@at(*spread(4, 12))
def soft_k_means(np, x):
    """Soft borders, three steps."""
    centres, points = x.reshape(2, 2), np.array(POINTS)
    for _ in range(3):
        squares = ((points[:, None, :] - centres[None, :, :]) ** 2).sum(axis=2)
        shares = np.exp(-squares)
        shares /= shares.sum(axis=1, keepdims=True)
        centres = (shares.T @ points) / shares.sum(axis=0)[:, None]
    return np.sum(centres**2)


@at(*spread(3, 13))
def support_vectors(np, x):
    """The hinge loss."""
    margins = np.array([1, -1, 1, 1, -1]) * (np.array(POINTS) @ x[:2] + x[2])
    return 0.5 * np.dot(x[:2], x[:2]) + np.sum(np.clip(1 - margins, 0, None))


@at(*spread(10, 14))
def matrix_factorisation(np, x):
    """What is known of a table, by a product of two small ones."""
    table = np.array([[5.0, np.nan, 3.0], [np.nan, 2.0, 1.0]])
    known = ~np.isnan(table)
    guess = x[:4].reshape(2, 2) @ x[4:].reshape(2, 3)
    return np.sum((guess[known] - table[known]) ** 2)


@at(0.5, -0.3)
def adam(np, x):
    """The loss after five steps of Adam, by the start."""
    w, m, v = x, np.zeros(2), np.zeros(2)
    for t in range(1, 6):
        g = 2 * w * np.array([1.0, 10.0])
        m = 0.9 * m + 0.1 * g
        v = 0.999 * v + 0.001 * g**2
        w = w - 0.01 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
    return np.sum(w**2 * np.array([1.0, 10.0]))


@at(0.5, -0.3)
def gradient_descent_in_place(np, x):
    """The weights are updated where they are."""
    w = x.copy()
    for _ in range(5):
        w -= 0.05 * 2 * w * np.array([1.0, 3.0])
    return np.sum(w**4)


@at(*spread(9, 15))
def page_rank(np, x):
    """Twenty steps on weighted links."""
    links = np.exp(x.reshape(3, 3))
    links = links / links.sum(axis=0)
    rank = np.full(3, 1 / 3)
    for _ in range(20):
        rank = 0.85 * links @ rank + 0.05
    return rank[0] / rank[2]


@at(*spread(4, 16))
def graph_network(np, x):
    """Two steps over the neighbours."""
    adjacency = np.array([[1, 1, 0, 0, 1], [1, 1, 1, 0, 0], [0, 1, 1, 1, 0], [0, 0, 1, 1, 1], [1, 0, 0, 1, 1.0]])
    normal = adjacency / np.sqrt(np.outer(adjacency.sum(0), adjacency.sum(1)))
    features, w = np.array(POINTS), x.reshape(2, 2)
    for _ in range(2):
        features = np.maximum(normal @ features @ w, 0.01 * (normal @ features @ w))
    return features.mean()


@at(0.2, 0.9, 0.4, 0.7)
def dynamic_time_warping(np, x):
    """The table of costs, written cell by cell."""
    other = np.array([0.1, 0.5, 0.9])
    cost = np.full((5, 4), np.inf)
    cost[0, 0] = 0.0
    for i in range(1, 5):
        for j in range(1, 4):
            best = min(cost[i - 1, j], cost[i, j - 1], cost[i - 1, j - 1])
            cost[i, j] = (x[i - 1] - other[j - 1]) ** 2 + best
    return cost[4, 3]


@at(0.2, 0.9, 0.4, 0.7)
def dynamic_time_warping_of_lists(np, x):
    """The same, its table a list of lists."""
    other = [0.1, 0.5, 0.9]
    cost = [[0.0] + [np.inf] * 3]
    for a in x:
        row = [np.inf]
        for j, b in enumerate(other):
            row.append((a - b) ** 2 + min(cost[-1][j + 1], row[j], cost[-1][j]))
        cost.append(row)
    return cost[-1][-1]


@at(0.2, 0.9, 0.4, 0.7)
def soft_dynamic_time_warping(np, x):
    """With a soft minimum."""
    other = np.array([0.1, 0.5, 0.9])
    r = {(i, j): np.inf for i in range(5) for j in range(4)}
    r[0, 0] = 0.0

    def softmin(*values):
        low = min(values)
        return low - 0.1 * np.log(sum(np.exp(-(v - low) / 0.1) for v in values if v < np.inf))

    for i in range(1, 5):
        for j in range(1, 4):
            r[i, j] = (x[i - 1] - other[j - 1]) ** 2 + softmin(r[i - 1, j], r[i, j - 1], r[i - 1, j - 1])
    return r[4, 3]


@at(*spread(6, 17))
def triplet_loss(np, x):
    """Cosines of three vectors."""
    anchor, positive, negative = x.reshape(3, 2)

    def cosine(a, b):
        return a @ b / (np.linalg.norm(a) * np.linalg.norm(b))

    return np.maximum(0, cosine(anchor, negative) - cosine(anchor, positive) + 3.0)


@at(*spread(6, 18))
def evidence_lower_bound(np, x):
    """A latent variable with drawn noise."""
    mean, log_var, weight = x[:2], x[2:4], x[4:]
    noise = np.random.default_rng(0).standard_normal((4, 2))
    z = mean + np.exp(0.5 * log_var) * noise
    reconstruction = np.mean((z @ weight - 0.5) ** 2)
    divergence = -0.5 * np.sum(1 + log_var - mean**2 - np.exp(log_var))
    return reconstruction + divergence


@at(0.3, -0.2, 0.5)
def early_stopping(np, x):
    """A loop that looks at the loss, and prints it."""
    w, lines = x, []
    for step in range(50):
        loss = np.sum((w - 1.0) ** 2)
        lines.append(f"{step}: {loss:.4f}")
        if loss < 0.5:
            break
        w = w - 0.1 * 2 * (w - 1.0)
    assert len(lines) > 2
    return np.sum(w)


@at(0.3, -0.2, 0.5)
def logged_losses(np, x):
    """The losses as Python numbers in a list, for a plot, and the last one as the result."""
    history = []
    w = x
    for _ in range(3):
        loss = np.sum(w**2)
        history.append(float(loss))
        w = 0.9 * w
    return loss + 0.0 * history[0]
