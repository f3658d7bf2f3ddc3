// The element types of tensors, without NVIDIA's headers: NVRTC finds none where no toolkit is.
// A source is compiled once for each type, with -DSCALAR=float, bfloat16 or float16.
#pragma once

struct bfloat16 { unsigned short bits; };
struct float16 { unsigned short bits; };

__device__ __forceinline__ float to_float(float x) { return x; }

__device__ __forceinline__ float to_float(bfloat16 x) {
  return __uint_as_float(static_cast<unsigned>(x.bits) << 16);
}

__device__ __forceinline__ float to_float(float16 x) {
  float result;
  asm("cvt.f32.f16 %0, %1;" : "=f"(result) : "h"(x.bits));
  return result;
}

template <typename T> __device__ T from_float(float x);

template <> __device__ __forceinline__ float from_float<float>(float x) { return x; }

// Rounds to nearest, ties to even; NaN stays one.
template <> __device__ __forceinline__ bfloat16 from_float<bfloat16>(float x) {
  unsigned bits = __float_as_uint(x);
  unsigned rounded = bits + 0x7FFF + ((bits >> 16) & 1);
  return {static_cast<unsigned short>(x != x ? 0x7FFF : rounded >> 16)};
}

template <> __device__ __forceinline__ float16 from_float<float16>(float x) {
  float16 result;
  asm("cvt.rn.f16.f32 %0, %1;" : "=h"(result.bits) : "f"(x));
  return result;
}
