// The passes over activations between the matrix products of a transformer. Each reads and writes
// an element once, in the type SCALAR, and computes in float32. Tensors are contiguous; where a
// thread handles WIDTH elements their sizes are multiples of it, which the callers see to.
#include "scalar.cuh"

constexpr int WIDTH = 8;

// Elements that one instruction, or two, reads or writes.
template <int WIDE> struct alignas(WIDE * sizeof(SCALAR)) Pack {
  SCALAR at[WIDE];
};

using Vector = Pack<WIDTH>;

__device__ __forceinline__ Vector load(const SCALAR* from) {
  return *reinterpret_cast<const Vector*>(from);
}

__device__ __forceinline__ void store(SCALAR* to, const Vector& vector) {
  *reinterpret_cast<Vector*>(to) = vector;
}

// Rotary positions: component i of a head turns together with component i + half; those past
// 2 * half are copied. x and y are [batch, sequence, heads, head_size], the tables float32
// [positions, 2 * half]. direction is 1, or -1 for the backward pass. A thread for WIDTH pairs.
extern "C" __global__ void rotary(
    const SCALAR* x, const float* cosines, const float* sines, SCALAR* y, long long vectors,
    int sequence, int heads, int head_size, int half, int start, float direction) {
  long long i = static_cast<long long>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (i >= vectors) {
    return;
  }
  int per_head = (head_size - half) / WIDTH;
  long long head = i / per_head;
  int component = static_cast<int>(i % per_head) * WIDTH;
  const SCALAR* from = x + head * head_size;
  SCALAR* to = y + head * head_size;
  if (component >= half) {
    store(to + half + component, load(from + half + component));
    return;
  }
  long long position = start + head / heads % sequence;
  const float* cosine = cosines + position * 2 * half + component;
  const float* sine = sines + position * 2 * half + half + component;
  Vector first = load(from + component);
  Vector second = load(from + half + component);
  for (int j = 0; j < WIDTH; j++) {
    float a = to_float(first.at[j]);
    float b = to_float(second.at[j]);
    float s = direction * sine[j];
    first.at[j] = from_float<SCALAR>(a * cosine[j] - b * s);
    second.at[j] = from_float<SCALAR>(b * cosine[j] + a * s);
  }
  store(to + component, first);
  store(to + half + component, second);
}

__device__ __forceinline__ float sigmoid(float x) { return 1 / (1 + __expf(-x)); }

// y = silu(gate) * up.
extern "C" __global__ void swiglu(
    const SCALAR* gate, const SCALAR* up, SCALAR* y, long long vectors) {
  long long i = static_cast<long long>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (i >= vectors) {
    return;
  }
  Vector g = load(gate + i * WIDTH);
  Vector u = load(up + i * WIDTH);
  for (int j = 0; j < WIDTH; j++) {
    float x = to_float(g.at[j]);
    g.at[j] = from_float<SCALAR>(x * sigmoid(x) * to_float(u.at[j]));
  }
  store(y + i * WIDTH, g);
}

// The gradients of gate and up from that of y.
extern "C" __global__ void swiglu_backward(
    const SCALAR* dy, const SCALAR* gate, const SCALAR* up, SCALAR* dgate, SCALAR* dup,
    long long vectors) {
  long long i = static_cast<long long>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (i >= vectors) {
    return;
  }
  Vector d = load(dy + i * WIDTH);
  Vector g = load(gate + i * WIDTH);
  Vector u = load(up + i * WIDTH);
  for (int j = 0; j < WIDTH; j++) {
    float x = to_float(g.at[j]);
    float s = sigmoid(x);
    float gradient = to_float(d.at[j]);
    g.at[j] = from_float<SCALAR>(gradient * to_float(u.at[j]) * s * (1 + x * (1 - s)));
    u.at[j] = from_float<SCALAR>(gradient * x * s);
  }
  store(dgate + i * WIDTH, g);
  store(dup + i * WIDTH, u);
}

constexpr float LEAST = -3.4e38f;

// The largest score of some, and the sum of the exponentials of all less it.
struct Softmax {
  float largest;
  float sum;
};

__device__ __forceinline__ Softmax both(Softmax a, Softmax b) {
  float largest = fmaxf(a.largest, b.largest);
  return {largest, a.sum * __expf(a.largest - largest) + b.sum * __expf(b.largest - largest)};
}

// One row of cross_entropy, WIDE elements a thread at a time: rows begin where such are aligned.
template <int WIDE> __device__ __forceinline__ void cross_entropy_of(
    SCALAR* row, int label, float count, float* loss, int classes, bool gradient) {
  __shared__ Softmax of_warps[32];
  float score = to_float(row[label]);
  Softmax all = {LEAST, 0};
  for (int i = threadIdx.x * WIDE; i < classes; i += blockDim.x * WIDE) {
    Pack<WIDE> x = *reinterpret_cast<const Pack<WIDE>*>(row + i);
    float largest = to_float(x.at[0]);
    for (int j = 1; j < WIDE; j++) {
      largest = fmaxf(largest, to_float(x.at[j]));
    }
    float sum = 0;
    for (int j = 0; j < WIDE; j++) {
      sum += __expf(to_float(x.at[j]) - largest);
    }
    all = both(all, {largest, sum});
  }
  for (int lanes = 16; lanes > 0; lanes /= 2) {
    all = both(
        all, {__shfl_xor_sync(~0u, all.largest, lanes), __shfl_xor_sync(~0u, all.sum, lanes)});
  }
  if (threadIdx.x % 32 == 0) {
    of_warps[threadIdx.x / 32] = all;
  }
  __syncthreads();
  all = of_warps[0];
  for (int warp = 1; warp < blockDim.x / 32; warp++) {
    all = both(all, of_warps[warp]);
  }

  float logarithm = logf(all.sum) + all.largest;
  if (threadIdx.x == 0) {
    *loss = count == 0 ? 0 : count * (logarithm - score);
  }
  if (!gradient) {
    return;
  }
  for (int i = threadIdx.x * WIDE; i < classes; i += blockDim.x * WIDE) {
    Pack<WIDE> x = *reinterpret_cast<const Pack<WIDE>*>(row + i);
    for (int j = 0; j < WIDE; j++) {
      float probability = __expf(to_float(x.at[j]) - logarithm);
      x.at[j] = from_float<SCALAR>(count * (probability - (i + j == label ? 1.0f : 0.0f)));
    }
    *reinterpret_cast<Pack<WIDE>*>(row + i) = x;
  }
}

// losses[rows]: -log softmax(logits)[label] * count of each row of logits[rows][classes]; with
// gradient != 0 the logits become the gradient of the sum of the losses. A block for each row.
extern "C" __global__ void cross_entropy(
    SCALAR* logits, const long long* labels, const float* counts, float* losses, int classes,
    int gradient) {
  SCALAR* row = logits + static_cast<long long>(blockIdx.x) * classes;
  int label = static_cast<int>(labels[blockIdx.x]);
  float count = counts[blockIdx.x];
  float* loss = losses + blockIdx.x;
  if (classes % WIDTH == 0) {
    cross_entropy_of<WIDTH>(row, label, count, loss, classes, gradient != 0);
  } else {
    cross_entropy_of<1>(row, label, count, loss, classes, gradient != 0);
  }
}
