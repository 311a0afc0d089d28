/* SPDX-License-Identifier: Apache-2.0 */
#include "base/late_library.h"

#include <dlfcn.h>
#include <string.h>

bool lg_late_library_load(const char *library,
                          const struct lg_late_function *functions,
                          size_t count, void *api)
{
    void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
    if (handle == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        void *function = dlsym(handle, functions[i].name);
        if (function == NULL)
            return false;
        memcpy((char *)api + functions[i].at, &function, sizeof function);
    }
    return true;
}
