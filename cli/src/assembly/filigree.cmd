@echo off
rem Starts Filigree on Windows with the Java of JAVA_HOME or the PATH, which must be 25 or newer.
setlocal
set JAVA=java
if defined JAVA_HOME set JAVA=%JAVA_HOME%\bin\java
if not defined OMP_WAIT_POLICY set OMP_WAIT_POLICY=PASSIVE
"%JAVA%" --add-modules jdk.incubator.vector --enable-native-access=ALL-UNNAMED -Djava.awt.headless=true %FILIGREE_JAVA_OPTS% -cp "%~dp0lib\*" dev.filigree.cli.Main %*
