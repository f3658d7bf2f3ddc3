package dev.filigree.cli;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.util.Optional;
import org.bytedeco.javacpp.Loader;

/** What the OpenBLAS that libtorch computes with says of itself; its Java binding does not ask. */
final class OpenBlas {
  private static final long MAX_NAME = 64;

  private OpenBlas() {}

  /**
   * The processor that its kernels were chosen for, such as SkylakeX; empty where it is not used.
   */
  @SuppressWarnings("restricted") // the function takes nothing and returns a constant text
  static Optional<String> coreName() {
    Loader.load(org.bytedeco.openblas.global.openblas_nolapack.class);
    return SymbolLookup.loaderLookup()
        .find("openblas_get_corename")
        .map(
            symbol ->
                Linker.nativeLinker()
                    .downcallHandle(symbol, FunctionDescriptor.of(ValueLayout.ADDRESS)))
        .map(
            function -> {
              try {
                var name = (MemorySegment) function.invokeExact();
                return name.reinterpret(MAX_NAME).getString(0);
              } catch (Throwable e) {
                throw new IllegalStateException(e);
              }
            });
  }
}
